/* SPDX-License-Identifier: MIT */
/* The demo as its user meets it: a process with arguments, a status, and text. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { decodeImage, encodePng, orient, PhotoError, readImage } from '../demo/image.mjs';
import { samplePhoto } from '../demo/models.mjs';
import { resizeImage } from '../demo/resample.mjs';

const DEMO = fileURLToPath(new URL('../demo/demo.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-demo-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name, bytes) => {
  writeFileSync(join(folder, name), bytes);
  return name;
};

function demo(...args) {
  const command = [DEMO, '--rounds', '1', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function boxes(text) {
  const pattern = /score ([\d.]+), box left ([\d.]+) top ([\d.]+) right ([\d.]+) bottom ([\d.]+)/g;
  return [...text.matchAll(pattern)].map((match) => match.slice(1).map(Number));
}

test('finds the faces of the sample photo and draws them', () => {
  const { status, stdout } = demo();
  assert.equal(status, 0);
  const found = boxes(stdout);
  assert.equal(found.length, 3);
  const photo = readImage(samplePhoto(3));
  const drawn = readImage(join(folder, 'lanewise-faces.png'));
  assert.deepEqual([drawn.width, drawn.height], [photo.width, photo.height]);
  const pixel = (image, x, y) => [...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 3)];
  for (const [, left, top, right, bottom] of found) {
    const x = Math.round((left + right) / 2);
    assert.notDeepEqual(pixel(drawn, x, Math.round(top) + 1), pixel(photo, x, Math.round(top) + 1));
    assert.notDeepEqual(pixel(drawn, x, Math.round(bottom) - 2), pixel(photo, x, Math.round(bottom) - 2));
  }
  assert.deepEqual(pixel(drawn, 2, 2), pixel(photo, 2, 2));
  for (const name of ['Lanewise scalar', 'Lanewise simd128', 'official wasm', 'cpu']) {
    assert.match(stdout, new RegExp(`^${name}.*\\d+\\.\\d\\d`, 'm'));
  }
});

/* A quarter of a sample photo in each of the forms that photos come in. */
const small = resizeImage(readImage(samplePhoto(3)), 480, 338);
const asPng = (options, edit = () => {}) => {
  const png = new PNG({ width: small.width, height: small.height });
  png.data.set(small.data);
  edit(png.data);
  return PNG.sync.write(png, options);
};

test('takes grey and transparent PNGs, and a JPEG under a wrong name', () => {
  const files = [
    file('grey.png', asPng({ colorType: 0 })),
    file('alpha.png', asPng({ colorType: 6 }, (data) => data.fill(0, 0, 4 * 480 * 20))),
    file('photo.png', jpeg.encode(small, 90).data),
  ];
  for (const name of files) {
    const { status, stdout } = demo('--out', `${name}.out.png`, name);
    assert.equal(status, 0, name);
    assert.ok(boxes(stdout).length >= 2, name);
    assert.ok(existsSync(join(folder, `${name}.out.png`)));
  }
});

test('says so when there is no face', () => {
  const white = encodePng({ width: 1, height: 1, data: new Uint8Array(4).fill(255) });
  const { status, stdout } = demo(file('plain.png', white));
  assert.equal(status, 0);
  assert.match(stdout, /^No face found\.$/m);
});

test('--help', () => {
  const { status, stdout, stderr } = demo('--help');
  assert.equal(status, 0);
  assert.match(stdout, /^usage: /);
  assert.equal(stderr, '');
});

test('a bad photo, output or option: status 1 and one line, no file', () => {
  mkdirSync(join(folder, 'folder.png'));
  symlinkSync('/dev/full', join(folder, 'full.png'));
  const goodJpeg = readFileSync(samplePhoto(1));
  const goodPng = encodePng(small);
  const flippedPng = Buffer.from(goodPng);
  flippedPng[goodPng.length >> 1] ^= 4;
  const good = file('good.png', goodPng);
  const cases = {
    'missing file': ['nowhere.jpg'],
    'folder': ['folder.png'],
    'empty file': [file('empty.jpg', '')],
    'text': [file('text.jpg', 'not a photo\nat all\n')],
    'JPEG cut in its header': [file('cut1.jpg', goodJpeg.subarray(0, 200))],
    'JPEG cut in its data': [file('cut2.jpg', goodJpeg.subarray(0, goodJpeg.length >> 1))],
    'three bytes of a JPEG': [file('cut3.jpg', goodJpeg.subarray(0, 3))],
    'JPEG of noise': [file('noise.jpg', Buffer.concat([goodJpeg.subarray(0, 2000), Buffer.alloc(5000, 0x5a)]))],
    'PNG cut in its data': [file('cut1.png', goodPng.subarray(0, goodPng.length >> 1))],
    'PNG cut in its header': [file('cut2.png', goodPng.subarray(0, 20))],
    'PNG with a flipped bit': [file('flip.png', flippedPng)],
    'no folder for the output': ['--out', 'nowhere/out.png', good],
    'output is a folder': ['--out', 'folder.png', good],
    'output below a file': ['--out', `${good}/out.png`, good],
    'unwritable device': ['--out', 'full.png', good],
    'unknown option': ['--fast', good],
    'no number of rounds': ['--rounds', '0', good],
    'option without its value': ['--out'],
    'two photos': [good, good],
  };
  rmSync(join(folder, 'lanewise-faces.png'), { force: true });
  for (const [what, args] of Object.entries(cases)) {
    const { status, stdout, stderr } = demo(...args);
    assert.equal(status, 1, `${what}: status ${status}, ${stderr}`);
    assert.equal(stdout, '', what);
    const errors = stderr.split('\n').filter((line) => line.startsWith('demo: '));
    assert.equal(errors.length, 1, `${what}: ${stderr}`);
    assert.equal(stderr.trimEnd().split('\n').at(-1), errors[0], `${what} ends with its error: ${stderr}`);
    assert.doesNotMatch(stderr, /\n +at /, `${what} shows a stack`);
    assert.ok(!existsSync(join(folder, 'lanewise-faces.png')), what);
  }
});

test('a photo cut short or damaged: its name and our own words', () => {
  const goodJpeg = readFileSync(samplePhoto(1)), goodPng = encodePng(small);
  const flipped = Buffer.from(goodPng);
  flipped[goodPng.length >> 1] ^= 4;
  const photos = {
    'half.png': goodPng.subarray(0, goodPng.length >> 1), 'header.png': goodPng.subarray(0, 40),
    'end.png': goodPng.subarray(0, -1), 'flipped.png': flipped, 'half.jpg': goodJpeg.subarray(0, goodJpeg.length >> 1),
    'noise.jpg': Buffer.concat([goodJpeg.subarray(0, 2000), Buffer.alloc(5000, 0x5a), Buffer.from([0xff, 0xd9])]),
  };
  const words = 'it ends before its image does|its (JPEG|PNG) data cannot be decoded';
  for (const [name, bytes] of Object.entries(photos)) {
    const { status, stderr } = demo(file(name, bytes));
    assert.equal(status, 1, name);
    assert.match(stderr, new RegExp(`^demo: ${name} is cut short or damaged: (${words})$`, 'm'));
  }
});

test('--out: a PNG, and never the photo itself', () => {
  const photo = file('own.png', encodePng(small));
  const before = readFileSync(join(folder, photo));
  symlinkSync(photo, join(folder, 'symlink.png'));
  linkSync(join(folder, photo), join(folder, 'hardlink.png'));
  const cases = [
    ['own.png', /it is the photo itself/], [join(folder, 'own.png'), /it is the photo itself/],
    ['symlink.png', /it is the photo itself/], ['hardlink.png', /it is the photo itself/],
    ['a.jpg', /ends in \.png/], ['a', /ends in \.png/], ['.png', /ends in \.png/], ['', /ends in \.png/],
  ];
  const files = readdirSync(folder);
  for (const [out, message] of cases) {
    const { status, stdout, stderr } = demo('--out', out, photo);
    assert.equal(status, 1, out);
    assert.equal(stdout, '', out);
    assert.match(stderr, /^demo: [^\n]+\n$/, out);
    assert.match(stderr, message, out);
  }
  assert.deepEqual(readFileSync(join(folder, photo)), before);
  assert.deepEqual(readdirSync(folder), files);
});

test('every PNG and JPEG cut short is refused', () => {
  for (const bytes of [jpeg.encode(small, 50).data, encodePng(resizeImage(small, 120, 85))]) {
    for (let length = 0; length < bytes.length; length += 97) {
      assert.throws(() => decodeImage(bytes.subarray(0, length)), PhotoError);
    }
  }
});

test('EXIF orientations', () => {
  // Pixels 1 2 3 / 4 5 6 as the camera stored them; how they must be shown, from the EXIF standard's wording.
  const image = { width: 3, height: 2, data: new Uint8Array(Uint32Array.of(1, 2, 3, 4, 5, 6).buffer) };
  const shown = {
    1: [[1, 2, 3], [4, 5, 6]], 2: [[3, 2, 1], [6, 5, 4]], 3: [[6, 5, 4], [3, 2, 1]], 4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]], 6: [[4, 1], [5, 2], [6, 3]], 7: [[6, 3], [5, 2], [4, 1]], 8: [[3, 6], [2, 5], [1, 4]],
  };
  for (const [orientation, rows] of Object.entries(shown)) {
    const turned = orient(image, Number(orientation));
    assert.deepEqual([turned.width, turned.height], [rows[0].length, rows.length], `orientation ${orientation}`);
    assert.deepEqual([...new Uint32Array(turned.data.buffer)], rows.flat(), `orientation ${orientation}`);
  }
  // The same through a file: an EXIF segment with the one entry 0x0112.
  const bytes = jpeg.encode(small, 90).data;
  const tiff = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
  const length = Buffer.from([0, 2 + 6 + tiff.length]);
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1]), length, Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const rotated = decodeImage(Buffer.concat([bytes.subarray(0, 2), exif, bytes.subarray(2)]));
  assert.deepEqual([rotated.width, rotated.height], [small.height, small.width]);
});
