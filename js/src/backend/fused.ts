/* SPDX-License-Identifier: MIT */
/* Bias and activation after a convolution or a matrix product. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import { activation, LINEAR, type Activation, type Pointer } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { expect, FLOAT, product, type Attrs, type Inputs } from './kernel.js';

const SIMPLE: Record<string, Activation> = {
  linear: LINEAR,
  relu: activation(lw.LW_RELU),
  relu6: activation(lw.LW_RELU6),
  elu: activation(lw.LW_ELU),
  sigmoid: activation(lw.LW_SIGMOID),
  prelu: activation(lw.LW_PRELU),
};

function activationOf(op: string, attrs: Attrs): Activation {
  const { activation: name = 'linear', leakyreluAlpha = 0.2 } = attrs;
  if (name === 'leakyrelu') return activation(lw.LW_LEAKY_RELU, Math.fround(leakyreluAlpha));
  const found = SIMPLE[name];
  if (!found) {
    const names = [...Object.keys(SIMPLE), 'leakyrelu'].join(', ');
    throw new LanewiseError(`${op}: activation '${name}' is not supported; there are ${names}`);
  }
  return found;
}

/**
 * The library fuses a bias and slopes of one value for each output channel. TensorFlow.js allows all that broadcasts:
 * what the library doesn't fuse follows as passes over the output.
 */
export interface Fused {
  /** What the library fuses. */
  readonly activation: Activation;
  readonly bias: Pointer;
  readonly slopes: Pointer;
  /** Does the rest. */
  finish(output: TensorInfo): void;
}

const NOTHING: Fused = { activation: LINEAR, bias: 0, slopes: 0, finish: () => {} };
const done = () => {};

export function fusedOf(backend: BackendWasm, op: string, inputs: Inputs, attrs: Attrs, channels: number): Fused {
  const { bias, preluActivationWeights: slopes } = inputs;
  const wanted = activationOf(op, attrs);
  if (!bias && wanted === LINEAR) return NOTHING;
  if (bias) expect(op, 'bias', bias, FLOAT);
  if (wanted.kind === lw.LW_PRELU) expect(op, 'preluActivationWeights', slopes, FLOAT);

  const fusesBias = !bias || perChannel(bias, channels);
  const fusesActivation = fusesBias && (wanted.kind !== lw.LW_PRELU || perChannel(slopes, channels));
  const biasPointer = bias ? backend.pointer(bias) : 0;
  const slopesPointer = wanted.kind === lw.LW_PRELU ? backend.pointer(slopes) : 0;
  if (fusesActivation) return { activation: wanted, bias: biasPointer, slopes: slopesPointer, finish: done };

  return {
    activation: LINEAR,
    bias: fusesBias ? biasPointer : 0,
    slopes: 0,
    finish(output) {
      const { kernels } = backend;
      const y = backend.pointer(output);
      const count = product(output.shape);
      if (!fusesBias) inPlace(backend, op, 'bias', lw.LW_BINARY_ADD, output, y, bias, biasPointer);
      if (wanted.kind === lw.LW_PRELU) {
        inPlace(backend, op, 'preluActivationWeights', lw.LW_BINARY_PRELU, output, y, slopes, slopesPointer);
      } else if (wanted !== LINEAR) {
        kernels.unary(lw.LW_UNARY_ACTIVATION, wanted, count, y, y);
      }
    },
  };
}

function perChannel(x: TensorInfo, channels: number): boolean {
  const { shape } = x;
  return product(shape) === channels && (shape.length === 0 || shape[shape.length - 1] === channels);
}

function inPlace(backend: BackendWasm, op: string, argument: string, binary: number, output: TensorInfo, y: Pointer,
  x: TensorInfo, pointer: Pointer): void {
  // fused.matMul folds the outer dimensions of its output, but not of a bias of the same size.
  const shape = product(x.shape) === product(output.shape) ? output.shape : x.shape;
  const offset = output.shape.length - shape.length;
  if (offset < 0 || shape.some((n, i) => n !== 1 && n !== output.shape[offset + i])) {
    throw new LanewiseError(`${op}: argument '${argument}' has shape [${x.shape}], which does not broadcast to the ` +
      `output's [${output.shape}]`);
  }
  backend.kernels.binary(binary, lw.LW_FLOAT32, output.shape, shape, y, pointer, y);
}
