/* SPDX-License-Identifier: MIT */
/* Shows the people of a photo or the camera in front of another background. segmentation.c does the work. */
const element = (id) => document.getElementById(id);
const result = element('result').getContext('2d');

function show(text) {
  element('status').textContent = text;
}

/* A string in the program's memory. */
function text(address) {
  const bytes = new Uint8Array(program.memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/* The program's functions answer with the address of what is wrong, or 0. */
function check(error) {
  if (error) throw new Error(text(error));
}

let program, small; // small: a picture of the size that the network reads

async function start() {
  const [{ instance }, answer] = await Promise.all([
    WebAssembly.instantiateStreaming(fetch('segmentation.wasm')),
    fetch('selfie.lwn'),
  ]);
  if (!answer.ok) throw new Error(`selfie.lwn: HTTP status ${answer.status}`);
  program = instance.exports;
  program._initialize();
  const network = new Uint8Array(await answer.arrayBuffer());
  const address = program.reserve(network.length); // may move the memory: no view before it
  new Uint8Array(program.memory.buffer).set(network, address);
  check(program.load(network.length));
  small = new OffscreenCanvas(program.width(), program.height()).getContext('2d', { willReadFrequently: true });
}

/* Draws what of `picture` (an image or a video) is a person. Returns how long the network took, in milliseconds. */
function segment(picture, width, height) {
  const { canvas } = small;
  small.globalCompositeOperation = 'copy';
  small.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const image = small.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint8ClampedArray(program.memory.buffer, program.pixels(), image.data.length);

  pixels.set(image.data);
  const begin = performance.now();
  check(program.run());
  const milliseconds = performance.now() - begin;

  // The small picture is only a stencil: where it covers, the large one shows.
  small.putImageData(new ImageData(pixels.slice(), canvas.width), 0, 0);
  Object.assign(result.canvas, { width, height });
  result.drawImage(small.canvas, 0, 0, width, height);
  result.globalCompositeOperation = 'source-in';
  result.drawImage(picture, 0, 0, width, height);

  const { frames = 0 } = globalThis.segmentation ?? {};
  globalThis.segmentation = { program, frames: frames + 1, milliseconds, input: image.data }; // for the test
  return milliseconds;
}

async function usePhoto(file) {
  const picture = await createImageBitmap(file);
  const milliseconds = segment(picture, picture.width, picture.height);
  show(`${file.name}: ${milliseconds.toFixed(1)} ms`);
}

async function useCamera() {
  const video = element('video');
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  await video.play();
  const next = () => {
    const milliseconds = segment(video, video.videoWidth, video.videoHeight);
    show(`${milliseconds.toFixed(1)} ms`);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}

const reporting = (action) => (...args) => action(...args).catch((error) => show(`Error: ${error.message}`));
element('photo').onchange = reporting(({ target }) => usePhoto(target.files[0]));
element('camera').onclick = reporting(useCamera);
await reporting(start)();
if (small) show('Ready.');
