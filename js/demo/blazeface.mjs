/* SPDX-License-Identifier: MIT */
/*
 * Face detection with BlazeFace (back camera), from photo to boxes; everything but the network itself. No dependency
 * on TensorFlow.js, Node or a browser.
 *
 * The network reads one picture of 256 x 256 pixels, RGB from -1 to 1, [1][256][256][3], and looks for faces at 896
 * places, called anchors: a grid of 16 x 16 cells with 2 anchors each and one of 8 x 8 cells with 6 each, all at the
 * cell's centre. For each grid it returns
 *     scores [1][anchors][1]:   a logit, sigmoid(logit) is how sure it is that a face is there;
 *     boxes  [1][anchors][16]:  centre x, centre y, width, height, then six landmarks x, y; all in input pixels, and
 *                               all but width and height relative to the anchor.
 */
import { resample } from './resample.mjs';

export const INPUT_SIZE = 256;
const GRIDS = [{ cells: 16, anchors: 2 }, { cells: 8, anchors: 6 }];
const BOX_VALUES = 16;

/* Left and right are the face's own. */
export const LANDMARKS = ['right eye', 'left eye', 'nose', 'mouth', 'right ear', 'left ear'];

/* The centres of a grid's anchors, x and y in input pixels, in the order of the network's outputs. */
export function gridAnchors({ cells, anchors }) {
  const centres = [];
  const size = INPUT_SIZE / cells;
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      for (let i = 0; i < anchors; i++) centres.push({ x: (column + 0.5) * size, y: (row + 0.5) * size });
    }
  }
  return centres;
}

/*
 * Fits a photo into the network's square without distorting it; the rest of the square is black.
 * image: { width, height, data }, RGBA bytes.
 * Returns the network's input and `placement`, which leads from input pixels back to photo pixels:
 * photo x = (input x - left) / scale.
 */
export function letterbox(image) {
  const longSide = Math.max(image.width, image.height);
  const fit = (side) => Math.max(Math.round((side * INPUT_SIZE) / longSide), 1);
  const width = fit(image.width), height = fit(image.height);
  const left = (INPUT_SIZE - width) >> 1, top = (INPUT_SIZE - height) >> 1;
  const pixels = resample(image, width, height);
  const input = new Float32Array(INPUT_SIZE * INPUT_SIZE * 3).fill(-1);
  for (let y = 0; y < height; y++) {
    let to = ((top + y) * INPUT_SIZE + left) * 3;
    for (let from = y * width * 3; from < (y + 1) * width * 3; from++) input[to++] = pixels[from] / 127.5 - 1;
  }
  const placement = {
    left, top, scaleX: width / image.width, scaleY: height / image.height,
    photoWidth: image.width, photoHeight: image.height,
  };
  return { input, placement };
}

/* Intersection over union of two boxes { left, top, right, bottom }. */
export function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const area = (box) => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / (area(a) + area(b) - width * height);
}

/* The faces that single anchors report, in input pixels, best first. outputs: [{ shape, data }] in any order. */
function candidates(outputs, minScore) {
  const find = (anchors, values) => {
    const output = outputs.find(({ shape }) => shape[1] === anchors && shape[2] === values);
    if (!output) throw new Error(`the model has no output of shape [1, ${anchors}, ${values}]`);
    return output.data;
  };
  const found = [];
  for (const grid of GRIDS) {
    const centres = gridAnchors(grid);
    const scores = find(centres.length, 1), boxes = find(centres.length, BOX_VALUES);
    centres.forEach((centre, i) => {
      const score = 1 / (1 + Math.exp(-scores[i]));
      if (!(score >= minScore)) return;
      const raw = boxes.subarray(i * BOX_VALUES, (i + 1) * BOX_VALUES);
      const x = centre.x + raw[0], y = centre.y + raw[1];
      const points = LANDMARKS.map((_, p) => [centre.x + raw[4 + 2 * p], centre.y + raw[5 + 2 * p]]);
      found.push({
        score, points,
        left: x - raw[2] / 2, top: y - raw[3] / 2, right: x + raw[2] / 2, bottom: y + raw[3] / 2,
      });
    });
  }
  return found.sort((a, b) => b.score - a.score);
}

/* Non-maximum suppression: candidates that overlap the best one are the same face; its box and landmarks become their
 * mean, weighted by score, which is steadier than the best one's alone. */
function suppress(found, minOverlap) {
  const faces = [];
  let rest = found;
  while (rest.length > 0) {
    const best = rest[0];
    const same = rest.filter((face) => face === best || overlap(face, best) >= minOverlap);
    rest = rest.filter((face) => !same.includes(face));
    const total = same.reduce((sum, face) => sum + face.score, 0);
    const mean = (value) => same.reduce((sum, face) => sum + face.score * value(face), 0) / total;
    faces.push({
      score: best.score,
      left: mean((f) => f.left), top: mean((f) => f.top), right: mean((f) => f.right), bottom: mean((f) => f.bottom),
      points: best.points.map((_, p) => [mean((f) => f.points[p][0]), mean((f) => f.points[p][1])]),
    });
  }
  return faces;
}

/*
 * From the network's four outputs to faces in photo pixels, best first:
 * [{ score, left, top, right, bottom, landmarks: [{ name, x, y }] }]. A box is cut at the photo's edge; landmarks may
 * lie outside of the photo, where the network guesses the hidden part of a face.
 */
export function decodeFaces(outputs, placement, { minScore = 0.5, minOverlap = 0.3 } = {}) {
  const { left, top, scaleX, scaleY, photoWidth, photoHeight } = placement;
  const photoX = (x) => (x - left) / scaleX;
  const photoY = (y) => (y - top) / scaleY;
  const clamp = (value, max) => Math.min(Math.max(value, 0), max);
  return suppress(candidates(outputs, minScore), minOverlap)
    .map((face) => ({
      score: face.score,
      left: clamp(photoX(face.left), photoWidth), top: clamp(photoY(face.top), photoHeight),
      right: clamp(photoX(face.right), photoWidth), bottom: clamp(photoY(face.bottom), photoHeight),
      landmarks: face.points.map(([x, y], i) => ({ name: LANDMARKS[i], x: photoX(x), y: photoY(y) })),
    }))
    .filter((face) => face.right > face.left && face.bottom > face.top);
}
