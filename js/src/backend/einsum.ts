/* SPDX-License-Identifier: MIT */
/*
 * Einstein sums. TensorFlow.js reads the equation; what is summed of two tensors is a batch of matrix products:
 *   [both and kept..., first's own..., summed...] times [both and kept..., summed..., second's own...]
 */
import { backend_util, upcastType, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { BackendWasm } from './backend.js';
import { Multiply } from './elementwise.js';
import { product, seenAs, type Kernel } from './kernel.js';
import { BatchMatMul } from './matmul.js';
import { Cast, transpose } from './movement.js';
import { Sum } from './rows.js';

/** A tensor and what its dimensions are in the equation: numbers, those of the output first and in its order. */
interface Term {
  readonly x: TensorInfo;
  readonly dims: readonly number[];
}

const sameOrder = (a: readonly number[], b: readonly number[]) => util.arraysEqual(a as number[], b as number[]);
const ascending = (dims: readonly number[]) => dims.every((d, i) => i === 0 || d > dims[i - 1]);

/** The term with its dimensions in another order. */
function arrange(backend: BackendWasm, { x, dims }: Term, order: readonly number[]): Term {
  if (sameOrder(dims, order)) return { x, dims };
  const perm = order.map(d => dims.indexOf(d));
  return { x: transpose(backend, { x }, { perm }) as TensorInfo, dims: order };
}

/** Outer product, dimensions of both aside: they broadcast. */
function multiply(backend: BackendWasm, terms: Term[], kept: readonly number[]): Term {
  const [a, b] = terms.map(term => {
    const { x, dims } = arrange(backend, term, [...term.dims].sort((p, q) => p - q));
    return seenAs(x, kept.map(d => dims.includes(d) ? x.shape[dims.indexOf(d)] : 1));
  });
  return { x: Multiply(backend, { a, b }, {}) as TensorInfo, dims: kept };
}

function contract(backend: BackendWasm, terms: Term[], kept: readonly number[]): Term {
  let [a, b] = terms;
  const both = a.dims.filter(d => b.dims.includes(d));
  const batch = both.filter(d => kept.includes(d)).sort((p, q) => p - q);
  const own = (term: Term) => term.dims.filter(d => !both.includes(d));
  if (!ascending([...batch, ...own(a), ...own(b)]) && ascending([...batch, ...own(b), ...own(a)])) [a, b] = [b, a];
  const rows = own(a), columns = own(b), summed = both.filter(d => !kept.includes(d));

  // Matrices may lie transposed.
  const transposeA = sameOrder(a.dims, [...batch, ...summed, ...rows]);
  const transposeB = sameOrder(b.dims, [...batch, ...columns, ...summed]);
  const left = transposeA ? a : arrange(backend, a, [...batch, ...rows, ...summed]);
  const right = transposeB ? b : arrange(backend, b, [...batch, ...summed, ...columns]);
  const size = ({ x, dims }: Term, of: readonly number[]) => product(of.map(d => x.shape[dims.indexOf(d)]));
  const count = size(a, batch), m = size(a, rows), k = size(a, summed), n = size(b, columns);
  const y = BatchMatMul(backend, {
    a: seenAs(left.x, transposeA ? [count, k, m] : [count, m, k]),
    b: seenAs(right.x, transposeB ? [count, n, k] : [count, k, n]),
  }, { transposeA, transposeB }) as TensorInfo;
  const shape = (term: Term, of: readonly number[]) => of.map(d => term.x.shape[term.dims.indexOf(d)]);
  return {
    x: seenAs(y, [...shape(a, batch), ...shape(a, rows), ...shape(b, columns)]),
    dims: [...batch, ...rows, ...columns],
  };
}

const einsum: Kernel = (backend, inputs, { equation }) => {
  const tensors = Object.values(inputs);
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
  tensors.forEach(({ shape }, i) => {
    if (shape.length !== idDims[i].length) {
      throw new LanewiseError(`Einsum: input ${i} has shape [${shape}]; equation '${equation}' has ` +
        `${idDims[i].length} dimensions for it`);
    }
  });
  const kept = allDims.map((_, d) => d).filter(d => !summedDims.includes(d));

  const dtypes = tensors.map(x => x.dtype);
  const dtype = dtypes.reduce(upcastType);
  const inner = dtype === 'bool' ? 'int32' : dtype;
  const terms = tensors.map((tensor, i): Term => {
    const dims = idDims[i];
    const x = tensor.dtype === inner ? tensor : Cast(backend, { x: tensor }, { dtype: inner }) as TensorInfo;
    // What only this one has is summed first.
    const axis = dims.map((_, j) => j).filter(j => !kept.includes(dims[j]) && !idDims[1 - i]?.includes(dims[j]));
    if (axis.length === 0) return { x, dims };
    const total = Sum(backend, { x }, { axis, keepDims: false }) as TensorInfo;
    return { x: total, dims: dims.filter((_, j) => !axis.includes(j)) };
  });

  const [first, second] = terms;
  const summed = second && first.dims.some(d => second.dims.includes(d) && !kept.includes(d));
  const joined = !second ? first : (summed ? contract : multiply)(backend, terms, kept);
  const { x: y } = arrange(backend, joined, kept);
  const bool = dtype === 'bool' && summedDims.length === 0;
  const result = bool ? Cast(backend, { x: y }, { dtype }) as TensorInfo : y;
  return tensors.some(x => x.dataId === result.dataId) ? backend.share(result, result.shape) : backend.keepOnly(result);
};

export { einsum as Einsum };
