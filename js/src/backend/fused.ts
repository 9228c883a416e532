/* SPDX-License-Identifier: MIT */
/* Bias and activation after a convolution or a matrix product. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import { activation, LINEAR, NO_EPILOGUE, type Activation, type Epilogue, type Pointer } from '../runtime/kernels.js';
import type { BackendWasm, Memory } from './backend.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, perChannel, product, type Attrs, type Inputs } from './kernel.js';
import { fillWith } from './movement.js';

const SIMPLE: Record<string, Activation> = {
  linear: LINEAR,
  relu: /* @__PURE__ */ activation(lw.LW_RELU),
  relu6: /* @__PURE__ */ activation(lw.LW_RELU6),
  elu: /* @__PURE__ */ activation(lw.LW_ELU),
  sigmoid: /* @__PURE__ */ activation(lw.LW_SIGMOID),
  prelu: /* @__PURE__ */ activation(lw.LW_PRELU),
};

export function activationOf(op: string, attrs: Attrs): Activation {
  const { leakyreluAlpha = 0.2 } = attrs;
  const name: string = attrs.activation || 'linear';
  if (name === 'leakyrelu') return activation(lw.LW_LEAKY_RELU, Math.fround(leakyreluAlpha));
  const found = SIMPLE[name];
  if (found?.kind === undefined) { // not what every object has either
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
  readonly epilogue: Epilogue;
  /** What it points into. */
  readonly held: readonly Memory[];
  /** Does the rest. */
  readonly finish?: (output: TensorInfo) => void;
}

export const NOT_FUSED: Fused = { epilogue: NO_EPILOGUE, held: [] };

export function fusedOf(backend: BackendWasm, op: string, inputs: Inputs, attrs: Attrs, channels: number): Fused {
  const { bias, preluActivationWeights: slopes } = inputs;
  const wanted = activationOf(op, attrs);
  if (!bias && wanted === LINEAR) return NOT_FUSED;
  if (bias) expect(op, 'bias', bias, ANY);
  const prelu = wanted.kind === lw.LW_PRELU;
  if (prelu) expect(op, 'preluActivationWeights', slopes, ANY);

  const fusesBias = !bias || bias.dtype === 'float32' && perChannel(bias, channels);
  const fusesActivation = fusesBias && (!prelu || slopes.dtype === 'float32' && perChannel(slopes, channels));
  const held: Memory[] = [];
  const pointer = (x: TensorInfo): Pointer => {
    const data = backend.data(x.dataId);
    held.push(data);
    return data.pointer;
  };
  const epilogue: Epilogue = {
    ...NO_EPILOGUE,
    activation: fusesActivation ? wanted : LINEAR,
    bias: bias && fusesBias ? pointer(bias) : 0,
    slopes: prelu && fusesActivation ? pointer(slopes) : 0,
  };
  if (fusesActivation) return { epilogue, held };

  return {
    epilogue,
    held,
    finish: output => passes(backend, op, fusesBias ? { ...inputs, bias: undefined! } : inputs, wanted, output),
  };
}

/** Bias and activation of an output of zeros, the sums of nothing. */
export function finishEmpty(backend: BackendWasm, op: string, inputs: Inputs, attrs: Attrs, output: TensorInfo): void {
  fillWith(backend, output, 0);
  passes(backend, op, inputs, activationOf(op, attrs), output);
}

/** Bias, if there is one, and activation as passes over the output. */
function passes(backend: BackendWasm, op: string, { bias, preluActivationWeights: slopes }: Inputs,
  wanted: Activation, output: TensorInfo): void {
  const y = backend.pointer(output);
  const count = product(output.shape);
  if (bias) inPlace(backend, op, 'bias', lw.LW_BINARY_ADD, output, y, bias);
  if (wanted.kind === lw.LW_PRELU) {
    inPlace(backend, op, 'preluActivationWeights', lw.LW_BINARY_PRELU, output, y, slopes);
  } else if (wanted !== LINEAR) backend.kernels.unary(lw.LW_UNARY_ACTIVATION, wanted, count, y, y);
}

function inPlace(backend: BackendWasm, op: string, argument: string, binary: number, output: TensorInfo, y: Pointer,
  x: TensorInfo): void {
  // fused.matMul folds the outer dimensions of its output, but not of a bias of the same size.
  const shape = product(x.shape) === product(output.shape) ? output.shape : x.shape;
  const offset = output.shape.length - shape.length;
  if (offset < 0 || shape.some((n, i) => n !== 1 && n !== output.shape[offset + i])) {
    throw new LanewiseError(`${op}: argument '${argument}' has shape [${x.shape}], which does not broadcast to the ` +
      `output's [${output.shape}]`);
  }
  backend.kernels.binary(binary, lw.LW_FLOAT32, output.shape, shape, y, toFloat(backend, x), y);
}
