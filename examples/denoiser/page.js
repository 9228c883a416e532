/* SPDX-License-Identifier: MIT */
/* Plays a noisy voice, or the microphone, through the denoiser, and shows how busy it is. */
const RATE = 16000;
const element = (id) => document.getElementById(id);

function show(text) {
  element('status').textContent = text;
}

async function bytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: HTTP status ${answer.status}`);
  return answer.arrayBuffer();
}

/* A node that denoises, in any kind of audio context of 16 kHz. */
export async function denoiser(context) {
  const [program, weights] = await Promise.all([bytes('denoiser.wasm'), bytes('weights.f32')]);
  await context.audioWorklet.addModule('worklet.js');
  return new AudioWorkletNode(context, 'denoiser', {
    channelCount: 1, channelCountMode: 'explicit', outputChannelCount: [1],
    processorOptions: { program, weights: new Float32Array(weights) },
  });
}

/* A source that plays samples once. */
export function player(context, samples) {
  const buffer = context.createBuffer(1, samples.length, RATE);
  buffer.copyToChannel(samples, 0);
  return new AudioBufferSourceNode(context, { buffer });
}

let context;

async function play(makeSource) {
  await context?.close();
  context = new AudioContext({ sampleRate: RATE });
  const node = await denoiser(context), source = await makeSource(context);
  node.port.onmessage = ({ data }) => {
    show(`Real-time factor ${data.factor.toFixed(4)}: ${(data.factor * 10).toFixed(3)} ms of every 10 ms`);
  };
  element('on').onchange = ({ target }) => node.port.postMessage({ on: target.checked });
  element('on').onchange({ target: element('on') });
  source.connect(node).connect(context.destination);
  source.start?.();
}

const reporting = (action) => (...args) => action(...args).catch((error) => show(`Error: ${error.message}`));
element('sample').onclick = reporting(async () => {
  const samples = new Float32Array(await bytes('noisy.f32'));
  await play((audio) => player(audio, samples));
});
element('microphone').onclick = reporting(async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { noiseSuppression: false } });
  await play((audio) => new MediaStreamAudioSourceNode(audio, { mediaStream: stream }));
});
show('Ready.');
