/* SPDX-License-Identifier: MIT */
/*
 * The denoiser as an AudioWorklet. Audio comes in blocks of 128 samples and the denoiser takes 160, so samples wait in
 * two queues; the output is late by DELAY samples, 18 ms.
 */
const FRAME = 160, BLOCK = 128, DELAY = BLOCK + FRAME;
const now = globalThis.performance ? () => performance.now() : Date.now; // not every engine has a fine clock here

class Denoiser extends AudioWorkletProcessor {
  constructor({ processorOptions: { program, weights } }) {
    super();
    this.program = new WebAssembly.Instance(new WebAssembly.Module(program)).exports;
    this.program._initialize();
    const address = this.program.reserve(weights.length);
    new Float32Array(this.program.memory.buffer, address, weights.length).set(weights);
    if (this.program.create(weights.length) !== 0) throw new Error('the denoiser could not be created');
    // The memory has one size, so views of it stay valid.
    this.input = new Float32Array(this.program.memory.buffer, this.program.input(), FRAME);
    this.output = new Float32Array(this.program.memory.buffer, this.program.output(), FRAME);
    this.filled = 0;
    // A block of silence goes first: when one is due, up to that many of its samples may not have been made yet.
    this.queue = new Float32Array(2 * FRAME);
    this.queued = BLOCK;
    this.on = true;
    this.busy = 0;
    this.frames = 0;
    this.port.onmessage = ({ data }) => { this.on = data.on; };
  }

  process([[sound]], [[result]]) {
    for (let i = 0; i < BLOCK; i++) {
      this.input[this.filled++] = sound ? sound[i] : 0; // no input: silence
      if (this.filled === FRAME) this.run();
    }
    if (this.on) result.set(this.queue.subarray(0, BLOCK));
    else if (sound) result.set(sound);
    this.queue.copyWithin(0, BLOCK, this.queued);
    this.queued -= BLOCK;
    return true;
  }

  run() {
    const begin = now();
    if (this.program.run() !== 0) throw new Error('the denoiser failed');
    this.busy += now() - begin;
    this.queue.set(this.output, this.queued);
    this.queued += FRAME;
    this.filled = 0;
    this.frames++;
    if (this.frames % 100 === 0) this.port.postMessage({ factor: this.busy / (this.frames * 10) });
  }
}

registerProcessor('denoiser', Denoiser);
