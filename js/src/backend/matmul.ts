/* SPDX-License-Identifier: MIT */
/* Matrix products. */
import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { Matmul } from '../runtime/kernels.js';
import type { BackendWasm, Data, Plan } from './backend.js';
import { start } from './deferred.js';
import { fusedOf } from './fused.js';
import { expect, FLOAT, NUMBER, product, stridesOf, type Kernel } from './kernel.js';

interface MatmulPlan extends Plan {
  readonly op: Matmul;
}

const matmul = (name: string): Kernel => (backend, inputs, attrs) => {
  const { a, b } = inputs;
  const { transposeA = false, transposeB = false } = attrs;
  const integers = a?.dtype === 'int32' && b?.dtype === 'int32' && !inputs.bias
    && (attrs.activation ?? 'linear') === 'linear';
  expect(name, 'a', a, integers ? NUMBER : FLOAT);
  expect(name, 'b', b, integers ? NUMBER : FLOAT);
  const aRank = a.shape.length, bRank = b.shape.length;
  const m = a.shape[aRank - (transposeA ? 1 : 2)], k = a.shape[aRank - (transposeA ? 2 : 1)];
  const n = b.shape[bRank - (transposeB ? 2 : 1)];
  if (aRank < 2 || bRank < 2 || k !== b.shape[bRank - (transposeB ? 1 : 2)]) {
    const said = (shape: number[], transposed: boolean) => `of shape [${shape}]${transposed ? ' transposed' : ''}`;
    throw new LanewiseError(`${name}: argument 'a' ${said(a.shape, transposeA)} and argument 'b' ` +
      `${said(b.shape, transposeB)} can't be multiplied; expected [..., m, k] and [..., k, n]`);
  }
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = product(outer);
  const aBatch = product(a.shape, 0, aRank - 2), bBatch = product(b.shape, 0, bRank - 2);

  const { kernels, heap } = backend;
  if (integers) return multiplyIntegers(backend, a, b, outer, transposeA, transposeB);
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

/** Integer matrices are small and rare: plain loops, exact up to 2^53. */
function multiplyIntegers(backend: BackendWasm, a: TensorInfo, b: TensorInfo, outer: number[], transposeA: boolean,
  transposeB: boolean): TensorInfo {
  const batch = product(outer);
  const [rowsA, columnsA] = a.shape.slice(-2), [rowsB, columnsB] = b.shape.slice(-2);
  const m = transposeA ? columnsA : rowsA, k = transposeA ? rowsA : columnsA, n = transposeB ? rowsB : columnsB;
  const x = repeat(backend, backend.pointer(a), a.shape, outer) >>> 2;
  const y = repeat(backend, backend.pointer(b), b.shape, outer) >>> 2;
  const z = backend.output([...outer, m, n], 'int32');
  const { i32 } = backend.heap;
  let to = backend.pointer(z) >>> 2;
  for (let o = 0; o < batch; o++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) {
          total += i32[x + o * m * k + (transposeA ? l * m + i : i * k + l)]
            * i32[y + o * k * n + (transposeB ? j * k + l : l * n + j)];
        }
        i32[to++] = total;
      }
    }
  }
  return z;
}

export const BatchMatMul = /* @__PURE__ */ matmul('BatchMatMul');
export const _FusedMatMul = /* @__PURE__ */ matmul('_FusedMatMul');
