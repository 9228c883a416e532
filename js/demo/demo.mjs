/* SPDX-License-Identifier: MIT */
/* Finds the faces in a photo with Lanewise, draws them, and times Lanewise against other TensorFlow.js backends. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { chosenTier, contestants, registerTiers, startTier } from './backends.mjs';
import { decodeFaces, INPUT_SIZE, letterbox } from './blazeface.mjs';
import { contestTable, largestOutput, runContest } from './contest.mjs';
import { drawBox, drawDot, PhotoError, readImage, writePng } from './image.mjs';
import { loadBlazeFace, samplePhoto } from './models.mjs';
import { resizeImage } from './resample.mjs';

const USAGE = `usage: scripts/demo [--out FILE] [--rounds N] [PHOTO]

Finds the faces in a photo (JPEG or PNG) with BlazeFace on Lanewise's TensorFlow.js backend: prints each face's box,
score and landmarks, writes the photo with them drawn on it, and times Lanewise's tiers against the official wasm
backend and the plain JavaScript one.

  PHOTO       the photo; a sample by default
  --out FILE  where the annotated PNG goes, NAME.png; ./lanewise-faces.png by default
  --rounds N  how often each backend is timed, 1 to 10000; 25 by default, and a fifth of it for the slow ones
  --help      prints this`;

const MAX_DRAWN_SIDE = 2048; // a larger photo's annotated copy is shrunk to this
const COLOURS = [[0, 230, 118], [255, 193, 7], [41, 182, 246], [255, 82, 82], [213, 130, 255]];

function options() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        out: { type: 'string', default: 'lanewise-faces.png' }, rounds: { type: 'string', default: '25' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new Error(`one photo at a time, not ${positionals.length}`);
    if (!/[^/]\.png$/i.test(values.out)) throw new Error(`--out needs a name that ends in .png, not '${values.out}'`);
    const rounds = Number(values.rounds);
    if (!/^\d+$/.test(values.rounds) || rounds < 1 || rounds > 10000) {
      throw new Error('--rounds needs a number from 1 to 10000');
    }
    return { help: values.help, out: values.out, rounds, photo: positionals[0] };
  } catch (error) {
    throw new PhotoError(`${error.message.split('\n')[0]} (see --help)`);
  }
}

/* Whether two paths lead to one file, through links too. */
function sameFile(...paths) {
  try {
    const [a, b] = paths.map((path) => statSync(path, { bigint: true }));
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false; // one can't be reached: reading or writing it says why
  }
}

/* Tells before the work, not after it. */
function checkOutput(path, photo) {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new PhotoError(`cannot write ${path}: there is no folder ${folder}`);
  if (!statSync(folder).isDirectory()) throw new PhotoError(`cannot write ${path}: ${folder} is not a folder`);
  const exists = existsSync(path);
  if (exists && statSync(path).isDirectory()) throw new PhotoError(`cannot write ${path}: it is a folder`);
  if (exists && sameFile(path, photo)) throw new PhotoError(`cannot write ${path}: it is the photo itself`);
  try {
    accessSync(exists ? path : folder, constants.W_OK);
  } catch {
    throw new PhotoError(`cannot write ${path}: permission denied`);
  }
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (!text.startsWith('round')) process.stderr.write(`${text}\n`);
}

function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function printFaces(faces) {
  const number = (value) => value.toFixed(1);
  if (faces.length === 0) console.log('No face found.');
  faces.forEach((face, i) => {
    console.log(`face ${i + 1}: score ${face.score.toFixed(3)}, box left ${number(face.left)} ` +
      `top ${number(face.top)} right ${number(face.right)} bottom ${number(face.bottom)}`);
    const points = face.landmarks.map(({ name, x, y }) => `${name} (${number(x)}, ${number(y)})`);
    console.log(`    ${points.slice(0, 3).join('  ')}\n    ${points.slice(3).join('  ')}`);
  });
}

/* A path as seen from the current folder, where it lies below it. */
const here = (path) => (relative('', path).startsWith('..') ? resolve(path) : relative('', path));

/* A copy of the photo with the faces on it, and how much smaller it is. */
function annotate(photo, faces) {
  const scale = Math.min(MAX_DRAWN_SIDE / Math.max(photo.width, photo.height), 1);
  const side = (size) => Math.max(Math.round(size * scale), 1);
  const image = scale < 1 ? resizeImage(photo, side(photo.width), side(photo.height))
    : { ...photo, data: Uint8Array.from(photo.data) };
  const thickness = Math.max(Math.round(Math.max(image.width, image.height) / 400), 1);
  faces.forEach(({ left, top, right, bottom, landmarks }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const box = { left: left * scale, top: top * scale, right: right * scale, bottom: bottom * scale };
    drawBox(image, box, thickness, colour);
    const radius = Math.max(Math.round((box.right - box.left) / 36), 1);
    for (const { x, y } of landmarks) drawDot(image, x * scale, y * scale, radius, colour);
  });
  return { image, scale };
}

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
  }
}

async function main() {
  const { help, out, rounds, photo: path = samplePhoto(3) } = options();
  if (help) {
    console.log(USAGE);
    return;
  }
  checkOutput(out, path);
  progress(`reading ${path}`);
  const photo = readImage(path);
  const { input, placement } = letterbox(photo);

  tf.enableProdMode();
  const tiers = registerTiers();
  await startTier(chosenTier());
  const shape = [1, INPUT_SIZE, INPUT_SIZE, 3];
  const results = await runContest(contestants(tiers), loadBlazeFace, input, shape, { rounds, progress });
  endProgress();

  const faces = decodeFaces(results[0].outputs, placement);
  const { image, scale } = annotate(photo, faces);
  writePng(out, image);

  const count = `${faces.length} face${faces.length === 1 ? '' : 's'}`;
  console.log(`${here(path)}: ${photo.width} x ${photo.height} pixels, ${count}`);
  printFaces(faces);
  console.log(`\nWrote ${here(out)}${scale < 1 ? `, at ${(scale * 100).toFixed(1)} % of the photo's size` : ''}`);
  console.log(`\nBlazeFace back, ${shape.join(' x ')}, on Node ${process.versions.node}, one thread; ` +
    `tier chosen: ${chosenTier()}`);
  printTable(contestTable(results));
  const largest = largestOutput(results).toPrecision(3);
  console.log(`(an inference with its input and outputs copied; the outputs are up to ${largest} in size)`);
}

try {
  await main();
} catch (error) {
  endProgress();
  const expected = error instanceof PhotoError || error?.name === 'LanewiseError';
  console.error(`demo: ${expected ? error.message : (error?.stack ?? error)}`);
  process.exitCode = 1;
}
