/* SPDX-License-Identifier: MIT */

/** Every error that Lanewise throws on purpose: a file that is missing, a tier the engine can't run, a bad argument. */
export class LanewiseError extends Error {
  constructor(message: string) {
    super(`lanewise: ${message}`);
    this.name = 'LanewiseError';
    // TensorFlow.js prints the stack of what stops a backend from starting. Firefox's and Safari's lack the message.
    const { stack } = this;
    if (stack && !stack.includes(message)) this.stack = `${this.name}: ${this.message}\n${stack}`;
  }
}

/** The WebAssembly memory can't grow so far. */
export class OutOfMemoryError extends LanewiseError {
  constructor(message: string) {
    super(message);
    this.name = 'OutOfMemoryError';
  }
}

/** A worker died in the middle of a kernel. */
export class ThreadLostError extends LanewiseError {
  constructor(message: string) {
    super(message);
    this.name = 'ThreadLostError';
  }
}
