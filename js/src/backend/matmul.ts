/* SPDX-License-Identifier: MIT */
/* Matrix products. */
import { broadcast_util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import { LINEAR, type Matmul } from '../runtime/kernels.js';
import type { BackendWasm, Data, Plan } from './backend.js';
import { start } from './deferred.js';
import { activationOf, fusedOf } from './fused.js';
import { Add, Elu, LeakyRelu, Prelu, Relu, Relu6, Sigmoid } from './elementwise.js';
import { ANY, expect, product, stridesOf, type Attrs, type Inputs, type Kernel } from './kernel.js';
import { cast } from './movement.js';
import { elementsAt } from './values.js';

interface MatmulPlan extends Plan {
  readonly op: Matmul;
}

/** The sizes of a product; `outer` are the batch dimensions of both, broadcast. */
function shapesOf(name: string, a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean) {
  const aRank = a.shape.length, bRank = b.shape.length;
  const m = a.shape[aRank - (transposeA ? 1 : 2)], k = a.shape[aRank - (transposeA ? 2 : 1)];
  const n = b.shape[bRank - (transposeB ? 2 : 1)];
  if (aRank < 2 || bRank < 2 || k !== b.shape[bRank - (transposeB ? 1 : 2)]) {
    const said = (shape: number[], transposed: boolean) => `of shape [${shape}]${transposed ? ' transposed' : ''}`;
    throw new LanewiseError(`${name}: argument 'a' ${said(a.shape, transposeA)} and argument 'b' ` +
      `${said(b.shape, transposeB)} can't be multiplied; expected [..., m, k] and [..., k, n]`);
  }
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { outer, m, n, k };
}

const matmul = (name: string): Kernel => (backend, inputs, attrs) => {
  const { a, b } = inputs;
  const { transposeA = false, transposeB = false } = attrs;
  if (a?.dtype !== 'float32' || b?.dtype !== 'float32') return multiplyOthers(backend, name, inputs, attrs);
  const { outer, m, n, k } = shapesOf(name, a, b, transposeA, transposeB);
  const batch = product(outer);
  const aBatch = matrices(a), bBatch = matrices(b);

  const { kernels, heap } = backend;
  if (batch * m * n === 0) return backend.output([...outer, m, n], 'float32');
  const fused = fusedOf(backend, name, inputs, attrs, n);
  const weights = backend.data(b.dataId);
  const data = backend.data(a.dataId);
  // Matrices repeat as a whole or not at all; anything between is written out first.
  const repeatsA = aBatch !== 1 && aBatch !== batch, repeatsB = bBatch !== 1 && bBatch !== batch;
  const aPointer = repeatsA ? repeat(backend, data.pointer, a.shape, outer) : data.pointer;

  const op: Matmul = {
    batch, m, n, k, transposeA, transposeB, aBatchStride: aBatch === 1 ? 0 : m * k,
    bBatchStride: bBatch === 1 ? 0 : k * n,
  };
  const shape = [...outer, m, n];
  let y: TensorInfo;
  if (repeatsB) {
    y = backend.output(shape, 'float32');
    const sizes = kernels.matmulSizes(op);
    const packed = backend.temporary(sizes.packedBytes);
    kernels.matmulPack(op, repeat(backend, weights.pointer, b.shape, outer), packed);
    kernels.matmul(op, fused.epilogue, aPointer, packed, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  } else {
    const plan = findPlan(weights, op) ?? backend.plan<MatmulPlan>(weights,
      { kernel: 'matmul', op, sizes: kernels.matmulSizes(op) },
      packed => kernels.matmulPack(op, weights.pointer, packed));
    y = start(backend, plan, shape, aPointer, fused.epilogue, [data, ...fused.held]);
    if (repeatsA) backend.pointer(y); // the copy doesn't last
  }
  fused.finish?.(y);
  return y;
};

function findPlan(weights: Data, op: Matmul): MatmulPlan | undefined {
  if (!weights.plans) return undefined;
  for (const candidate of weights.plans) {
    if (candidate.kernel !== 'matmul') continue;
    const { op: made } = candidate as MatmulPlan;
    if (made.batch === op.batch && made.m === op.m && made.n === op.n && made.k === op.k
      && made.transposeA === op.transposeA && made.transposeB === op.transposeB
      && made.aBatchStride === op.aBatchStride && made.bBatchStride === op.bBatchStride) {
      return candidate as MatmulPlan;
    }
  }
  return undefined;
}

/** A copy of the matrices with the outer dimensions repeated up to `outer`; it lasts as long as the kernel. */
function repeat(backend: BackendWasm, x: number, shape: readonly number[], outer: readonly number[]): number {
  const matrix = shape.slice(-2);
  const target = [...outer, ...matrix];
  const own = stridesOf(shape);
  const missing = target.length - shape.length;
  const strides = target.map((n, i) => i < missing || shape[i - missing] !== n ? 0 : own[i - missing]);
  const copy = backend.temporary(4 * product(target));
  if (product(target)) backend.kernels.copy(4, target, strides, stridesOf(target), x, copy);
  return copy;
}

/** How many matrices a tensor has. */
const matrices = ({ shape }: TensorInfo) => product(shape, 0, shape.length - 2);

/**
 * Operands that aren't both float32. The product has the dtype of a; of integers it is exact, modulo 2^32, or 2^8 of bools.
 * Bias and activation follow as kernels of their own.
 */
function multiplyOthers(backend: BackendWasm, name: string, inputs: Inputs, attrs: Attrs): TensorInfo {
  const { a, b, bias, preluActivationWeights: alpha } = inputs;
  expect(name, 'a', a, ANY);
  expect(name, 'b', b, ANY);
  const wanted = activationOf(name, attrs), { leakyreluAlpha } = attrs;
  const made: TensorInfo[] = [];
  const keep = (y: TensorInfo | TensorInfo[]) => {
    made.push(y as TensorInfo);
    return y as TensorInfo;
  };
  const as = (x: TensorInfo, dtype: DataType) => x.dtype === dtype ? x : keep(cast(backend, { x }, { dtype }));

  const dtype = a.dtype === 'float32' || b.dtype === 'float32' ? 'float32' : 'int32';
  const x = as(a, dtype), z = as(b, dtype);
  let y = keep(dtype === 'int32' ? multiplyIntegers(backend, name, x, z, attrs)
    : BatchMatMul(backend, { a: x, b: z }, attrs));
  if (a.dtype === 'bool') y = keep(truncated(backend, y));
  else y = as(y, a.dtype);
  if (bias) y = keep(Add(backend, { a: y, b: bias }, {}));
  if (wanted !== LINEAR) {
    y = keep(ACTIVATIONS[attrs.activation](backend, { x: y, alpha }, { alpha: leakyreluAlpha }));
  }
  for (const each of made) if (each !== y) backend.drop(each);
  return y;
}

const ACTIVATIONS: Record<string, Kernel> = {
  relu: Relu, relu6: Relu6, elu: Elu, sigmoid: Sigmoid, prelu: Prelu, leakyrelu: LeakyRelu,
};

/** The low bytes of numbers. */
function truncated(backend: BackendWasm, x: TensorInfo): TensorInfo {
  const size = product(x.shape), from = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'bool');
  const to = backend.pointer(y);
  elementsAt(backend, 'bool', to, size).set(elementsAt(backend, x.dtype, from, size));
  return y;
}

function multiplyIntegers(backend: BackendWasm, name: string, a: TensorInfo, b: TensorInfo, attrs: Attrs): TensorInfo {
  const { transposeA = false, transposeB = false } = attrs;
  const { outer, m, n, k } = shapesOf(name, a, b, transposeA, transposeB);
  const batch = product(outer);
  // One matrix serves all products; more are written out as many times as they are used.
  const aPointer = matrices(a) === 1 ? backend.pointer(a) : repeat(backend, backend.pointer(a), a.shape, outer);
  const bPointer = matrices(b) === 1 ? backend.pointer(b) : repeat(backend, backend.pointer(b), b.shape, outer);
  const y = backend.output([...outer, m, n], 'int32');
  const op: Matmul = {
    batch, m, n, k, transposeA, transposeB, aBatchStride: matrices(a) === 1 ? 0 : m * k,
    bBatchStride: matrices(b) === 1 ? 0 : k * n,
  };
  backend.kernels.matmulInt(op, aPointer, bPointer, backend.pointer(y));
  return y;
}

export const BatchMatMul = /* @__PURE__ */ matmul('BatchMatMul');
export const _FusedMatMul = /* @__PURE__ */ matmul('_FusedMatMul');
