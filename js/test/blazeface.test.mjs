/* SPDX-License-Identifier: MIT */
/* The demo's arithmetic around the network, on values worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFaces, letterbox, overlap } from '../demo/blazeface.mjs';
import { maxDifference, median } from '../demo/contest.mjs';
import { resample } from '../demo/resample.mjs';

function close(actual, expected, tolerance = 1e-3) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);
}

/* Outputs without any face but those given, each at an anchor: raw = centre, size, then landmarks, 0 by default. */
function network(...faces) {
  const outputs = [[512, 1], [384, 16], [384, 1], [512, 16]].map(([anchors, values]) => (
    { shape: [1, anchors, values], data: new Float32Array(anchors * values).fill(values === 1 ? -100 : 0) }));
  for (const { anchors, at, logit, raw } of faces) {
    outputs.find(({ shape }) => shape[1] === anchors && shape[2] === 1).data[at] = logit;
    outputs.find(({ shape }) => shape[1] === anchors && shape[2] === 16).data.set(raw, at * 16);
  }
  return outputs;
}

const square = { left: 0, top: 0, scaleX: 1, scaleY: 1, photoWidth: 256, photoHeight: 256 };

test('a face at an anchor of the fine grid', () => {
  // Anchor 2 * (16 * 3 + 5) + 1: row 3, column 5 of 16 x 16; its centre is (88, 56).
  const outputs = network({ anchors: 512, at: 107, logit: 2, raw: [1, -2, 40, 20, 3, 4] });
  const [face, ...others] = decodeFaces(outputs, square);
  assert.equal(others.length, 0);
  close(face.score, 0.880797);
  close(face.left, 69);
  close(face.right, 109);
  close(face.top, 44);
  close(face.bottom, 64);
  assert.equal(face.landmarks.length, 6);
  close(face.landmarks[0].x, 91);
  close(face.landmarks[0].y, 60);
});

test('a face at an anchor of the coarse grid, in a wide photo', () => {
  // Anchor 6 * (8 * 2 + 7) + 5: row 2, column 7 of 8 x 8; its centre is (240, 80). The photo, 512 x 256, fills the
  // input's rows 64 to 192 at half its size; the box reaches over its right edge.
  const { placement } = letterbox({ width: 512, height: 256, data: new Uint8Array(512 * 256 * 4) });
  assert.deepEqual([placement.left, placement.top], [0, 64]);
  const [face] = decodeFaces(network({ anchors: 384, at: 143, logit: 1, raw: [0, 0, 60, 30] }), placement);
  close(face.left, 420);
  close(face.right, 512);
  close(face.top, 2);
  close(face.bottom, 62);
  close(face.landmarks[3].x, 480);
  close(face.landmarks[3].y, 32);
});

test('overlapping candidates become one, weighted by score; distant ones stay', () => {
  const outputs = network(
    { anchors: 512, at: 107, logit: 100, raw: [0, 0, 40, 40] }, // score 1
    { anchors: 512, at: 106, logit: 0, raw: [6, 0, 40, 40] }, // score 0.5, same anchor's place
    { anchors: 512, at: 400, logit: 1, raw: [0, 0, 40, 40] },
    { anchors: 512, at: 401, logit: -0.1, raw: [0, 0, 40, 40] }, // below the least score
  );
  const faces = decodeFaces(outputs, square);
  assert.equal(faces.length, 2);
  close(faces[0].left, 88 - 20 + 2);
  close(faces[0].right, 88 + 20 + 2);
  assert.ok(faces[0].score > faces[1].score);
  assert.equal(decodeFaces(outputs, square, { minScore: 0.75 }).length, 1);
});

test('a NaN score is no face', () => {
  assert.deepEqual(decodeFaces(network({ anchors: 512, at: 0, logit: NaN, raw: [0, 0, 40, 40] }), square), []);
});

test('overlap', () => {
  const box = (left, top, right, bottom) => ({ left, top, right, bottom });
  assert.equal(overlap(box(0, 0, 2, 2), box(0, 0, 2, 2)), 1);
  assert.equal(overlap(box(0, 0, 2, 2), box(1, 0, 3, 2)), 1 / 3);
  assert.equal(overlap(box(0, 0, 2, 2), box(2, 0, 3, 2)), 0);
});

test('letterbox', () => {
  // White, 2 wide and 4 high: columns 64 to 192 are white (1), the rest is black (-1).
  const { input } = letterbox({ width: 2, height: 4, data: new Uint8Array(2 * 4 * 4).fill(255) });
  for (let y = 0; y < 256; y++) {
    for (let x = 0; x < 256; x++) {
      const expected = x >= 64 && x < 192 ? 1 : -1;
      const at = (y * 256 + x) * 3;
      for (let c = 0; c < 3; c++) if (Math.abs(input[at + c] - expected) > 1e-6) assert.fail(`(${x}, ${y})`);
    }
  }
});

test('resample', () => {
  const grey = (width, height, values) => (
    { width, height, data: Uint8Array.from(values.flatMap((v) => [v, v, v, 255])) });
  const red = (pixels) => [...pixels].filter((_, i) => i % 3 === 0);
  assert.deepEqual(red(resample(grey(3, 2, [1, 2, 3, 4, 5, 6]), 3, 2)), [1, 2, 3, 4, 5, 6]);
  // Twice as large: a quarter of the way between neighbours; the ends repeat.
  assert.deepEqual(red(resample(grey(2, 1, [0, 100]), 4, 1)), [0, 25, 75, 100]);
  // Half as large: a triangle over four pixels around the centre, 1 3 3 1, cut at the ends.
  const shrunk = red(resample(grey(4, 1, [0, 70, 140, 210]), 2, 1));
  close(shrunk[0], (3 * 0 + 3 * 70 + 140) / 7, 1e-4);
  close(shrunk[1], (70 + 3 * 140 + 3 * 210) / 7, 1e-4);
});

test('the table\'s statistics', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  const output = (...values) => [{ data: Float32Array.from(values) }];
  assert.equal(maxDifference(output(1, 2), output(1, 4)), 2);
  assert.equal(maxDifference(output(NaN), output(NaN)), 0);
  assert.equal(maxDifference(output(NaN), output(0)), Infinity);
  assert.equal(maxDifference(output(Infinity), output(Infinity)), 0);
  assert.equal(maxDifference(output(1), output(1, 2)), Infinity);
});
