/* SPDX-License-Identifier: MIT */
/*
 * The demo page: finds the faces in a photo with Lanewise, draws them, and times Lanewise's tiers against the official
 * wasm backend and the plain JavaScript one.
 * The page's address may say ?wasm=FOLDER/ (where Lanewise's files are) and ?rounds=N (how often to time).
 */
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPath } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { chosenTier, contestants, registerTiers, startTier } from '../demo/backends.mjs';
import { decodeFaces, INPUT_SIZE, letterbox } from '../demo/blazeface.mjs';
import { contestTable, infer, largestOutput, runContest } from '../demo/contest.mjs';

const SAMPLE = 'sample3.jpg';
const SHAPE = [1, INPUT_SIZE, INPUT_SIZE, 3];
const MAX_SIDE = 4096; // a larger photo is shrunk to this: canvases have limits
const COLOURS = ['#00e676', '#ffc107', '#29b6f6', '#ff5252', '#d582ff'];

const element = (id) => document.getElementById(id);
const canvas = element('photo');
const address = new URLSearchParams(location.search);

const loadModel = () => loadGraphModel('blazeface-back.json');

/* Shows a text and lets the page paint it. */
async function status(text) {
  element('status').textContent = text;
  await new Promise((resolve) => { setTimeout(resolve); });
}

/* Puts the photo on the canvas; returns its pixels. */
async function showPhoto(blob) {
  let bitmap;
  try {
    // The file's own pixel values, upright: the same numbers in every browser and on every screen.
    bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
  } catch {
    throw new Error(`${blob.name ?? 'the photo'} is not an image that this browser can read`);
  }
  const scale = Math.min(MAX_SIDE / Math.max(bitmap.width, bitmap.height), 1);
  canvas.width = Math.max(Math.round(bitmap.width * scale), 1);
  canvas.height = Math.max(Math.round(bitmap.height * scale), 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff'; // behind transparent pixels
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function drawFaces(faces) {
  const context = canvas.getContext('2d');
  const thickness = Math.max(Math.round(Math.max(canvas.width, canvas.height) / 400), 1);
  faces.forEach((face, i) => {
    const [left, top, right, bottom] = [face.left, face.top, face.right, face.bottom].map(Math.round);
    context.fillStyle = COLOURS[i % COLOURS.length];
    context.fillRect(left, top, right - left, thickness);
    context.fillRect(left, bottom - thickness, right - left, thickness);
    context.fillRect(left, top, thickness, bottom - top);
    context.fillRect(right - thickness, top, thickness, bottom - top);
    for (const { x, y } of face.landmarks) {
      context.beginPath();
      context.arc(x, y, Math.max((right - left) / 36, 1), 0, 2 * Math.PI);
      context.fill();
    }
  });
}

function listFaces(faces) {
  const round = (value) => value.toFixed(1);
  element('faces').replaceChildren(...faces.map((face) => {
    const item = document.createElement('li');
    item.textContent = `score ${face.score.toFixed(3)}, left ${round(face.left)}, top ${round(face.top)}, ` +
      `right ${round(face.right)}, bottom ${round(face.bottom)}`;
    return item;
  }));
}

function showTable([head, ...rows], largest) {
  const table = element('times');
  table.replaceChildren();
  table.createCaption().textContent = `BlazeFace back, ${SHAPE.join(' × ')}, one thread; ` +
    'an inference with its input and outputs copied; ' +
    `differences are of outputs up to ${largest.toPrecision(3)} in size`;
  const headRow = table.createTHead().insertRow();
  headRow.append(...head.map((text) => Object.assign(document.createElement('th'), { textContent: text })));
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const text of row) line.insertCell().textContent = text;
  }
}

let tiers;

/* Everything from a photo to the table. Returns { tier, faces, results }. */
async function run(blob) {
  await status('Reading the photo.');
  const { input, placement } = letterbox(await showPhoto(blob));
  const options = { wasmPaths: address.get('wasm') ?? './' };
  tiers ??= registerTiers(options);

  await status('Finding faces.');
  await startTier(chosenTier(), options);
  const { tier } = tf.backend();
  const model = await loadModel();
  const begin = performance.now();
  const outputs = infer(model, input, SHAPE);
  const first = performance.now() - begin;
  const faces = decodeFaces(outputs, placement);
  model.dispose();
  drawFaces(faces);
  listFaces(faces);
  const count = `${faces.length || 'no'} face${faces.length === 1 ? '' : 's'}`;
  const found = `Tier ${tier}: ${count} found.`;

  const rounds = Math.max(Math.trunc(Number(address.get('rounds'))) || 15, 1);
  const progress = (text) => status(`${found} Timing: ${text}.`);
  const results = await runContest(contestants(tiers), loadModel, input, SHAPE, { rounds, progress });
  results[0].first = first; // the contest's own came later
  showTable(contestTable(results), largestOutput(results));
  await status(found);
  return { tier, faces, results };
}

/* Runs on one photo; what came of it goes into the page, and into `lanewiseDemo` for tests and the curious. */
async function show(photo) {
  element('error').textContent = '';
  element('faces').replaceChildren();
  element('times').replaceChildren();
  try {
    const { tier, faces, results } = await run(await photo());
    globalThis.lanewiseDemo = {
      state: next ? 'running' : 'done', tier, faces, isolated: crossOriginIsolated,
      results: results.map(({ outputs, ...rest }) => rest),
    };
  } catch (error) {
    console.error(error);
    element('status').textContent = '';
    element('error').textContent = error.message;
    globalThis.lanewiseDemo = { state: next ? 'running' : 'failed', error: error.message };
  }
}

let next; // the photo to show when the one at work is done
let busy = false;

async function start(photo) {
  next = photo;
  globalThis.lanewiseDemo = { state: 'running' };
  if (busy) return;
  busy = true;
  while (next) {
    const current = next;
    next = undefined;
    await show(current);
  }
  busy = false;
}

async function fetchSample() {
  const response = await fetch(SAMPLE);
  if (!response.ok) throw new Error(`can't load ${SAMPLE}: HTTP status ${response.status}`);
  return response.blob();
}

const drop = element('drop');
element('file').addEventListener('change', ({ target }) => {
  const file = target.files[0];
  if (file) start(() => file);
});
for (const type of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', type === 'dragover');
    const file = type === 'drop' ? event.dataTransfer.files[0] : undefined;
    if (file) start(() => file);
  });
}

tf.enableProdMode();
// Its module without threads, like Lanewise's.
setWasmPath('tfjs-backend-wasm-simd.wasm');
start(fetchSample);
