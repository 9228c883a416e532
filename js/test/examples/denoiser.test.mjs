/* SPDX-License-Identifier: MIT */
/*
 * The denoiser: frame by frame it gives the bits of one run over everything, natively, in Node and in AudioWorklets of
 * headless browsers; there is less noise behind it than before; and it has time to spare.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeVoice, makeWeights } from '../../../examples/denoiser/make.mjs';
import { makeSite } from '../../../examples/site.mjs';
import { serve } from '../../browser/serve.mjs';
import { BROWSERS, programs, run, status, temporaryFolder } from './support.mjs';

const folder = temporaryFolder();
const weights = join(folder, 'weights.f32'), noisyFile = join(folder, 'noisy.f32');
const { clean, noisy } = makeVoice(6, 0.05, 100);
const FRAME = 160, FRAMES = clean.length / FRAME;
const outputs = {}; // of each program, for all frames at once

let site;

before(async () => {
  writeFileSync(weights, makeWeights());
  writeFileSync(noisyFile, noisy);
  makeSite('denoiser', join(folder, 'site'));
  site = await serve(join(folder, 'site'));
});

after(() => site.close());

const floats = (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const sameBits = (a, b) => Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.byteLength),
  Buffer.from(b.buffer, b.byteOffset, b.byteLength)) === 0;

/* Decibels of the voice above what is else in `sound`, which is `late` samples late. */
function signalToNoise(sound, late) {
  let signal = 0, noise = 0;
  for (let i = FRAME; i + late < sound.length; i++) {
    signal += clean[i] ** 2;
    noise += (sound[i + late] - clean[i]) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

for (const [label, command, first, tier] of programs('denoise')) {
  test(label, (t) => {
    const denoise = (frames) => {
      const file = join(folder, 'output.f32');
      const { status, stdout, stderr } = run(command, [...first, weights, noisyFile, file, String(frames)]);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      const [, told, factor] = /^tier (\w+), real-time factor ([\d.]+)\n$/.exec(stdout);
      assert.equal(told, tier);
      return { output: floats(readFileSync(file)), factor: Number(factor) };
    };
    const whole = denoise(FRAMES).output, single = denoise(1), seven = denoise(7).output;
    assert.equal(whole.length, clean.length);
    assert.ok(sameBits(single.output, whole), 'frame by frame');
    assert.ok(sameBits(seven, whole.subarray(0, seven.length)), 'seven frames at a time');
    const before = signalToNoise(noisy, 0), behind = signalToNoise(whole, FRAME);
    t.diagnostic(`signal to noise ${before.toFixed(1)} dB, then ${behind.toFixed(1)} dB; `
      + `real-time factor ${single.factor}`);
    assert.ok(behind > before + 3);
    outputs[label] = whole;
  });
}

test('native and simd128 give the same bits', () => {
  assert.ok(sameBits(outputs.native, outputs['wasm, simd128']));
});

test('what it refuses', () => {
  const [[, command, first]] = programs('denoise');
  for (const [args, message] of [[[noisyFile, noisyFile, join(folder, 'o'), '1'], /not the denoiser's weights/],
    [[weights, noisyFile, join(folder, 'o'), '0'], /frames must be 1/], [[weights], /usage/]]) {
    const { status, stderr } = run(command, [...first, ...args]);
    assert.equal(status, 1);
    assert.match(stderr, message);
  }
});

for (const [name, launch] of Object.entries(BROWSERS)) {
  test(`${name}: an AudioWorklet gives the same bits`, { timeout: 90_000 }, async (t) => {
    const browser = await launch(folder);
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.goto(site.url);
    const { rendered, factor } = JSON.parse(await page.evaluate(async () => {
      const { denoiser, player } = await import('./page.js');
      const samples = new Float32Array(await (await fetch('noisy.f32')).arrayBuffer());
      const context = new OfflineAudioContext(1, samples.length, 16000);
      const source = player(context, samples);
      source.connect(await denoiser(context)).connect(context.destination);
      source.start();
      const begin = performance.now();
      const buffer = await context.startRendering();
      const seconds = (performance.now() - begin) / 1000;
      return JSON.stringify({ rendered: Array.from(buffer.getChannelData(0)), factor: seconds / buffer.duration });
    }));
    const wanted = outputs['wasm, simd128'], late = 128;
    assert.ok(sameBits(Float32Array.from(rendered.slice(late)), wanted.slice(0, wanted.length - late)));
    t.diagnostic(`real-time factor of the whole OfflineAudioContext: ${factor.toFixed(4)}`);
    assert.ok(factor < 1);
    if (name !== 'Chromium') return; // headless Firefox plays nothing on a machine without a sound card

    // The buttons: what is played says how busy it is, once a second of it was.
    for (const button of ['#sample', '#microphone']) {
      await page.reload();
      await page.click(button);
      await status(page, /^Real-time factor 0\.\d+/);
      t.diagnostic(`${button}: ${await page.$eval('#status', ({ textContent }) => textContent)}`);
    }
  });
}
