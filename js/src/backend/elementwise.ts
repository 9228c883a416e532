/* SPDX-License-Identifier: MIT */
/* Functions of each element and of pairs of elements; comparisons, logic and the choice between two tensors. */
import { broadcast_util, upcastType, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import { activation, LINEAR, type Activation, type Pointer } from '../runtime/kernels.js';
import { elementBytes, type BackendWasm } from './backend.js';
import { complexOf } from './complex.js';
import { joinActivation, joinBound, joinPrelu, joinSum } from './deferred.js';
import {
  ANY, expect, expectShape, FLOAT, NUMBER, product, stridesOf, typeOf, type Attrs, type Inputs, type Kernel,
} from './kernel.js';
import { elementsAt, moveStrings, rankStrings } from './values.js';

/** A function of two numbers or of one, in JavaScript's double precision. */
type OfTwo = (a: number, b: number) => number;
type OfOne = (x: number, attrs: Attrs) => number;

/**
 * What the library has no code for, as operands of two dtypes or the sine of an integer, is rare: plain JavaScript. The
 * result is stored as the output's dtype does it: truncated, modulo 2^32 or 2^8.
 */
function pairwise(backend: BackendWasm, op: string, { a, b }: Inputs, dtype: DataType, f: OfTwo): TensorInfo {
  expect(op, 'a', a, ANY);
  expect(op, 'b', b, ANY);
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const size = product(shape);
  const aPointer = expanded(backend, a, shape), bPointer = expanded(backend, b, shape);
  const result = backend.output(shape, dtype);
  const to = backend.pointer(result);
  const x = elementsAt(backend, a.dtype, aPointer, size), y = elementsAt(backend, b.dtype, bPointer, size);
  const z = elementsAt(backend, dtype, to, size);
  for (let i = 0; i < size; i++) z[i] = f(x[i], y[i]);
  return result;
}

function singly(backend: BackendWasm, x: TensorInfo, attrs: Attrs, f: OfOne): TensorInfo {
  const size = product(x.shape);
  const from = backend.pointer(x);
  const y = backend.output(x.shape.slice(), x.dtype);
  const to = elementsAt(backend, x.dtype, backend.pointer(y), size);
  elementsAt(backend, x.dtype, from, size).forEach((value, i) => { to[i] = f(value, attrs); });
  return y;
}

/** The library's operator, of operands of one dtype. */
function native(backend: BackendWasm, code: number, { a, b }: Inputs, dtype: DataType): TensorInfo {
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const aPointer = backend.pointer(a), bPointer = backend.pointer(b);
  const y = backend.output(shape, dtype);
  backend.kernels.binary(code, typeOf(a.dtype), a.shape, b.shape, aPointer, bPointer, backend.pointer(y));
  return y;
}

/** Arithmetic of bools: the low byte of that of integers, so that a sum of bools is a number, as in the cpu backend. */
function ofBools(backend: BackendWasm, code: number, { a, b }: Inputs): TensorInfo {
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const size = product(shape);
  const [aPointer, bPointer] = [a, b].map(x => {
    const from = backend.pointer(x), count = product(x.shape), integers = backend.temporary(4 * count);
    elementsAt(backend, 'int32', integers, count).set(elementsAt(backend, 'bool', from, count));
    return integers;
  });
  const numbers = backend.temporary(4 * size);
  const y = backend.output(shape, 'bool');
  const to = backend.pointer(y);
  backend.kernels.binary(code, lw.LW_INT32, a.shape, b.shape, aPointer, bPointer, numbers);
  elementsAt(backend, 'bool', to, size).set(elementsAt(backend, 'int32', numbers, size));
  return y;
}

/**
 * Arithmetic, whose result has the dtype of a. `dtypes` are the library's; `complex` is what to do when either is
 * complex, where that's possible.
 */
const binary = (op: string, code: number, f: OfTwo, dtypes = NUMBER, complex?: Kernel): Kernel =>
  (backend, inputs, attrs) => {
    const { a, b } = inputs;
    if (a && b && a.dtype === b.dtype && dtypes.includes(a.dtype)) return native(backend, code, inputs, a.dtype);
    if (complex && (a?.dtype === 'complex64' || b?.dtype === 'complex64')) return complex(backend, inputs, attrs);
    if (a?.dtype === 'bool' && b?.dtype === 'bool' && dtypes.includes('int32')) return ofBools(backend, code, inputs);
    return pairwise(backend, op, inputs, a?.dtype, f);
  };

/** The operands as complex numbers, and what makes sense of them. */
function asComplex(backend: BackendWasm, { a, b }: Inputs,
  run: (a: TensorInfo, b: TensorInfo) => TensorInfo): TensorInfo {
  const [x, y] = [a, b].map(z => z.dtype === 'complex64' ? z : complexOf(backend, z.shape, toFloat(backend, z)));
  const result = run(x, y);
  if (x !== a) backend.drop(x);
  if (y !== b) backend.drop(y);
  return result;
}

/** Each part by itself: complex numbers are rows of two floats. */
const partwise = (code: number): Kernel => (backend, inputs) => asComplex(backend, inputs, (a, b) => {
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const aPointer = backend.pointer(a), bPointer = backend.pointer(b);
  const y = backend.output(shape, 'complex64');
  backend.kernels.binary(code, lw.LW_FLOAT32, [...a.shape, 2], [...b.shape, 2], aPointer, bPointer, backend.pointer(y));
  return y;
});

const multiplyComplex: Kernel = (backend, inputs) => asComplex(backend, inputs, (a, b) => {
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const aPointer = expanded(backend, a, shape), bPointer = expanded(backend, b, shape);
  const y = backend.output(shape, 'complex64');
  backend.kernels.complexMultiply(product(shape), aPointer, bPointer, backend.pointer(y));
  return y;
});

/** A tensor's elements repeated up to a shape: a copy that lasts as long as the kernel, or the tensor itself. */
function expanded(backend: BackendWasm, x: TensorInfo, shape: readonly number[]): Pointer {
  const pointer = backend.pointer(x);
  const size = product(shape), bytes = elementBytes(x.dtype);
  if (size === product(x.shape)) return pointer;
  const copy = backend.temporary(size * bytes);
  const missing = shape.length - x.shape.length;
  const own = stridesOf(x.shape);
  const steps = shape.map((_, d) => d < missing || x.shape[d - missing] === 1 ? 0 : own[d - missing]);
  if (size) backend.kernels.copy(bytes, shape, steps, stridesOf(shape), pointer, copy);
  return copy;
}

/** A sum that an operator's epilogue may be able to do, whichever of the two it made. */
const plainAdd = /* @__PURE__ */ binary('Add', lw.LW_BINARY_ADD, (a, b) => a + b, NUMBER,
  /* @__PURE__ */ partwise(lw.LW_BINARY_ADD));
const add: Kernel = (backend, inputs, attrs) => {
  const { a, b } = inputs;
  return (a && b && (joinSum(backend, a, b) ?? joinSum(backend, b, a))) || plainAdd(backend, inputs, attrs);
};

/** The larger or smaller of two, where the second may be a bound of an operator's output. */
const extreme = (op: string, code: number, f: OfTwo): Kernel => {
  const plain = binary(op, code, f);
  return (backend, inputs, attrs) => {
    const { a, b } = inputs;
    return (a && b && joinBound(backend, a, code, b)) || plain(backend, inputs, attrs);
  };
};

const BOOL: readonly DataType[] = ['bool'];
const INT: readonly DataType[] = ['int32'];

/** Its result is bool for any input. */
const comparison = (op: string, code: number, f: OfTwo, dtypes = ANY): Kernel => (backend, inputs, attrs) => {
  const { a, b } = inputs;
  if (a && b && a.dtype === b.dtype) {
    if (dtypes.includes(a.dtype)) return native(backend, code, inputs, 'bool');
    if (a.dtype === 'string' && dtypes === ANY) {
      return rankStrings(backend, inputs, ranks => comparison(op, code, f)(backend, ranks, attrs));
    }
  }
  return pairwise(backend, op, inputs, 'bool', f);
};

const logicalNot: Kernel = (backend, { x }) => {
  expect('LogicalNot', 'x', x, ANY);
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'bool');
  const { kernels, value, zero, heap } = backend;
  heap.u8[value] = 0;
  kernels.binary(lw.LW_BINARY_EQUAL, typeOf(x.dtype), x.shape, [], input, x.dtype === 'bool' ? value : zero,
    backend.pointer(y));
  return y;
};

/** A NaN is what differs from itself. */
const isNan: Kernel = (backend, { x }) => {
  expect('IsNan', 'x', x, ANY);
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'bool');
  backend.kernels.binary(lw.LW_BINARY_NOT_EQUAL, typeOf(x.dtype), x.shape, x.shape, input, input, backend.pointer(y));
  return y;
};

/** Compares the magnitude with infinity. */
const magnitude = (op: string, code: number): Kernel => (backend, { x }) => {
  expect(op, 'x', x, ANY);
  const input = toFloat(backend, x);
  const y = backend.output(x.shape.slice(), 'bool');
  const size = product(x.shape);
  const sizes = backend.temporary(4 * size);
  const { kernels, value, heap } = backend;
  kernels.unary(lw.LW_UNARY_ABS, LINEAR, size, input, sizes);
  heap.f32[value >>> 2] = Infinity;
  kernels.binary(code, lw.LW_FLOAT32, x.shape, [], sizes, value, backend.pointer(y));
  return y;
};

const select: Kernel = (backend, { condition, t, e }, attrs) => {
  expect('Select', 'condition', condition, BOOL);
  if (t.dtype === 'string' && e.dtype === 'string') {
    return moveStrings(backend, { t, e }, moved => select(backend, { condition, ...moved }, attrs));
  }
  expect('Select', 't', t, ANY);
  expect('Select', 'e', e, ANY);
  expectShape('Select', 'e', e, t.shape);
  expectShape('Select', 'condition', condition, t.shape.slice(0, condition.shape.length));
  const dtype = upcastType(t.dtype, e.dtype);
  // A condition of one dimension chooses among the rows of tensors of more.
  const rows = product(condition.shape), size = product(t.shape);
  const which = backend.pointer(condition), yes = toType(backend, t, dtype), no = toType(backend, e, dtype);
  const y = backend.output(t.shape.slice(), dtype);
  backend.kernels.select(typeOf(dtype), rows, rows ? size / rows : 0, which, yes, no, backend.pointer(y));
  return y;
};

/**
 * Its result is int32 for any input, as in the other backends; of floats the floor of the quotient in double precision,
 * since in single precision a quotient just below an integer is that integer.
 */
const floorDivide: Kernel = (backend, inputs) => {
  const { a, b } = inputs, op = 'FloorDiv';
  if (a?.dtype !== b?.dtype) return pairwise(backend, op, inputs, 'int32', (x, y) => Math.floor(x / y));
  expect(op, 'a', a, ANY);
  if (a.dtype === 'int32') return native(backend, lw.LW_BINARY_FLOOR_DIV, inputs, 'int32');
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const size = product(shape);
  const [aPointer, bPointer] = [a, b].map(x => {
    const all = expanded(backend, x, shape);
    if (x.dtype === 'float32') return all;
    const floats = backend.temporary(4 * size);
    backend.kernels.cast(lw.LW_BOOL, lw.LW_FLOAT32, size, all, floats);
    return floats;
  });
  const y = backend.output(shape, 'int32');
  backend.kernels.floorDiv(size, aPointer, bPointer, backend.pointer(y));
  return y;
};

/** A tensor's elements as another type: a copy that lasts as long as the kernel, or the tensor itself. */
function toType(backend: BackendWasm, x: TensorInfo, dtype: DataType): Pointer {
  const pointer = backend.pointer(x);
  if (x.dtype === dtype) return pointer;
  const size = product(x.shape);
  const copy = backend.temporary(4 * size);
  backend.kernels.cast(typeOf(x.dtype), typeOf(dtype), size, pointer, copy);
  return copy;
}

export function toFloat(backend: BackendWasm, x: TensorInfo): Pointer {
  return toType(backend, x, 'float32');
}

/** Its result is float32 for any input. */
const prelu: Kernel = (backend, { x, alpha }) => {
  expect('Prelu', 'x', x, ANY);
  expect('Prelu', 'alpha', alpha, ANY);
  const joined = joinPrelu(backend, x, alpha);
  if (joined) return joined;
  const shape = broadcast_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
  const input = toFloat(backend, x), slopes = toFloat(backend, alpha);
  const y = backend.output(shape, 'float32');
  backend.kernels.binary(lw.LW_BINARY_PRELU, lw.LW_FLOAT32, x.shape, alpha.shape, input, slopes, backend.pointer(y));
  return y;
};

const addN: Kernel = (backend, inputs, attrs) => {
  const terms = Object.values(inputs) as TensorInfo[];
  if (terms.length === 0) throw new LanewiseError('AddN: no tensors are given');
  const [first] = terms;
  for (const term of terms) {
    expect('AddN', 'tensors', term, ANY);
    if (product(term.shape) !== product(first.shape)) {
      throw new LanewiseError(`AddN: shapes [${first.shape}] and [${term.shape}] differ`);
    }
  }
  if (terms.length === 1) return copyOf(backend, first);
  let sum: TensorInfo | undefined;
  for (const term of terms.slice(1)) {
    const next = add(backend, { a: sum ?? first, b: { ...term, shape: first.shape } }, attrs) as TensorInfo;
    if (sum) backend.drop(sum);
    sum = next;
  }
  return sum!;
};

function copyOf(backend: BackendWasm, x: TensorInfo): TensorInfo {
  const from = backend.pointer(x);
  const y = backend.output(x.shape.slice(), x.dtype);
  const to = backend.pointer(y);
  backend.heap.u8.copyWithin(to, from, from + elementBytes(x.dtype) * product(x.shape));
  return y;
}

/** A function whose result has the dtype of x. `int` is what to do with int32 where that's better than f. */
const unary = (op: string, code: number, f: OfOne, int?: Kernel): Kernel => (backend, inputs, attrs) => {
  const { x } = inputs;
  if (x?.dtype === 'float32') return apply(backend, x, code, LINEAR);
  return otherwise(backend, op, inputs, attrs, f, int);
};

const activate = (op: string, kind: number, f: OfOne, int?: Kernel): Kernel => {
  const fixed = activation(kind);
  return (backend, inputs, attrs) => {
    const { x } = inputs;
    if (x?.dtype === 'float32') return apply(backend, x, lw.LW_UNARY_ACTIVATION, fixed);
    return otherwise(backend, op, inputs, attrs, f, int);
  };
};

function otherwise(backend: BackendWasm, op: string, inputs: Inputs, attrs: Attrs, f: OfOne,
  int?: Kernel): TensorInfo | TensorInfo[] {
  const { x } = inputs;
  expect(op, 'x', x, ANY);
  return int && x.dtype === 'int32' ? int(backend, inputs, attrs) : singly(backend, x, attrs, f);
}

/** The result is float32. */
function apply(backend: BackendWasm, x: TensorInfo, code: number, how: Activation): TensorInfo {
  const joined = code === lw.LW_UNARY_ACTIVATION ? joinActivation(backend, x, how) : undefined;
  if (joined) return joined;
  const input = toFloat(backend, x);
  const y = backend.output(x.shape.slice(), 'float32');
  backend.kernels.unary(code, how, product(x.shape), input, backend.pointer(y));
  return y;
}

/** One operation of int32 with a constant: x op constant, or constant op x. */
const withConstant = (code: number, constant: number, constantFirst = false): Kernel => (backend, { x }) => {
  const y = backend.output(x.shape.slice(), 'int32');
  combine(backend, code, x, backend.pointer(x), constant, backend.pointer(y), constantFirst);
  return y;
};

function combine(backend: BackendWasm, code: number, x: TensorInfo, input: Pointer, constant: number, output: Pointer,
  constantFirst = false): void {
  const { kernels, value, heap } = backend;
  heap.i32[value >>> 2] = constant;
  if (constantFirst) kernels.binary(code, lw.LW_INT32, [], x.shape, value, input, output);
  else kernels.binary(code, lw.LW_INT32, x.shape, [], input, value, output);
}

const clip: Kernel = (backend, { x }, attrs) => {
  const { clipValueMin, clipValueMax } = attrs;
  expect('ClipByValue', 'x', x, ANY);
  if (x.dtype === 'float32') {
    return apply(backend, x, lw.LW_UNARY_ACTIVATION, activation(lw.LW_CLAMP, 0, clipValueMin, clipValueMax));
  }
  if (x.dtype === 'bool') {
    return singly(backend, x, attrs, v => v > clipValueMax ? clipValueMax : v < clipValueMin ? clipValueMin : v);
  }
  const y = backend.output(x.shape.slice(), 'int32');
  const output = backend.pointer(y);
  const bound = (value: number) => Math.min(Math.max(Math.trunc(value), -0x80000000), 0x7fffffff);
  combine(backend, lw.LW_BINARY_MAX, x, backend.pointer(x), bound(clipValueMin), output);
  combine(backend, lw.LW_BINARY_MIN, x, output, bound(clipValueMax), output);
  return y;
};

const within = (clipValueMin: number, clipValueMax: number): Kernel => (backend, inputs) =>
  clip(backend, inputs, { clipValueMin, clipValueMax });

const absInt: Kernel = (backend, { x }) => {
  const y = backend.output(x.shape.slice(), 'int32');
  const input = backend.pointer(x), output = backend.pointer(y);
  combine(backend, lw.LW_BINARY_SUB, x, input, 0, output, true);
  backend.kernels.binary(lw.LW_BINARY_MAX, lw.LW_INT32, x.shape, x.shape, input, output, output);
  return y;
};

const squareInt: Kernel = (backend, { x }) => native(backend, lw.LW_BINARY_MUL, { a: x, b: x }, 'int32');

/** Integers are rounded already. */
const asIs: Kernel = (backend, { x }) => backend.share(x, x.shape.slice());

/** Its result is float32 for any input. */
const exp: Kernel = (backend, { x }) => {
  expect('Exp', 'x', x, ANY);
  return apply(backend, x, lw.LW_UNARY_EXP, LINEAR);
};

/** alpha, truncated for integers, up to 0 and 1 above. */
const step: Kernel = (backend, { x }, attrs) => {
  const { alpha = 0 } = attrs;
  expect('Step', 'x', x, ANY);
  if (x.dtype !== 'float32') return singly(backend, x, attrs, v => v > 0 ? 1 : alpha);
  return apply(backend, x, lw.LW_UNARY_STEP, activation(lw.LW_LINEAR, alpha));
};

/** Its result is float32 for any input. */
const leakyRelu: Kernel = (backend, { x }, { alpha = 0.2 }) => {
  expect('LeakyRelu', 'x', x, ANY);
  return apply(backend, x, lw.LW_UNARY_ACTIVATION, activation(lw.LW_LEAKY_RELU, alpha));
};

/** dy where y is not negative, else dy (y + 1). */
const eluGrad: Kernel = (backend, { dy, y }) => {
  expect('EluGrad', 'dy', dy, FLOAT);
  expect('EluGrad', 'y', y, FLOAT);
  if (product(dy.shape) !== product(y.shape)) {
    throw new LanewiseError(`EluGrad: shapes [${dy.shape}] and [${y.shape}] differ`);
  }
  const { heap, value, kernels } = backend;
  const size = product(y.shape), from = backend.pointer(y), gradient = backend.pointer(dy);
  const dx = backend.output(y.shape.slice(), 'float32');
  const to = backend.pointer(dx);
  kernels.unary(lw.LW_UNARY_ACTIVATION, activation(lw.LW_CLAMP, 0, -Infinity, 0), size, from, to);
  heap.f32[value >>> 2] = 1;
  kernels.binary(lw.LW_BINARY_ADD, lw.LW_FLOAT32, [size], [], to, value, to);
  kernels.binary(lw.LW_BINARY_MUL, lw.LW_FLOAT32, [size], [size], to, gradient, to);
  return dx;
};

const SELU = 1.0507009873554805, SELU_ALPHA = 1.7580993408473768;

export const Sub = /* @__PURE__ */ binary('Sub', lw.LW_BINARY_SUB, (a, b) => a - b, NUMBER,
  /* @__PURE__ */ partwise(lw.LW_BINARY_SUB));
export const Multiply = /* @__PURE__ */ binary('Multiply', lw.LW_BINARY_MUL, (a, b) => a * b, NUMBER, multiplyComplex);
export const RealDiv = /* @__PURE__ */ binary('RealDiv', lw.LW_BINARY_DIV, (a, b) => a / b);
export const Minimum = /* @__PURE__ */ extreme('Minimum', lw.LW_BINARY_MIN, Math.min);
export const Maximum = /* @__PURE__ */ extreme('Maximum', lw.LW_BINARY_MAX, Math.max);
export const SquaredDifference = /* @__PURE__ */ binary('SquaredDifference', lw.LW_BINARY_SQUARED_DIFFERENCE,
  (a, b) => (a - b) * (a - b));
export const Atan2 = /* @__PURE__ */ binary('Atan2', lw.LW_BINARY_ATAN2, Math.atan2, FLOAT);
export const BitwiseAnd = /* @__PURE__ */ binary('BitwiseAnd', lw.LW_BINARY_BITWISE_AND, (a, b) => a & b, INT);
export const Mod = /* @__PURE__ */ binary('Mod', lw.LW_BINARY_MOD, (a, b) => {
  const rest = a % b;
  return rest !== 0 && (rest < 0) !== (b < 0) ? rest + b : rest;
});
export const Pow = /* @__PURE__ */ binary('Pow', lw.LW_BINARY_POW, Math.pow);
export const Equal = /* @__PURE__ */ comparison('Equal', lw.LW_BINARY_EQUAL, (a, b) => +(a === b));
export const Greater = /* @__PURE__ */ comparison('Greater', lw.LW_BINARY_GREATER, (a, b) => +(a > b));
export const GreaterEqual = /* @__PURE__ */ comparison('GreaterEqual', lw.LW_BINARY_GREATER_EQUAL, (a, b) => +(a >= b));
export const Less = /* @__PURE__ */ comparison('Less', lw.LW_BINARY_LESS, (a, b) => +(a < b));
export const LessEqual = /* @__PURE__ */ comparison('LessEqual', lw.LW_BINARY_LESS_EQUAL, (a, b) => +(a <= b));
export const LogicalAnd = /* @__PURE__ */ comparison('LogicalAnd', lw.LW_BINARY_LOGICAL_AND,
  (a, b) => +(a !== 0 && b !== 0), BOOL);
export const LogicalOr = /* @__PURE__ */ comparison('LogicalOr', lw.LW_BINARY_LOGICAL_OR,
  (a, b) => +(a !== 0 || b !== 0), BOOL);
export const LogicalXor = /* @__PURE__ */ comparison('LogicalXor', lw.LW_BINARY_NOT_EQUAL,
  (a, b) => +((a !== 0) !== (b !== 0)), BOOL);
export const NotEqual = /* @__PURE__ */ comparison('NotEqual', lw.LW_BINARY_NOT_EQUAL, (a, b) => +(a !== b));
export const IsFinite = /* @__PURE__ */ magnitude('IsFinite', lw.LW_BINARY_LESS);
export const IsInf = /* @__PURE__ */ magnitude('IsInf', lw.LW_BINARY_EQUAL);
export const Acos = /* @__PURE__ */ unary('Acos', lw.LW_UNARY_ACOS, Math.acos);
export const Acosh = /* @__PURE__ */ unary('Acosh', lw.LW_UNARY_ACOSH, Math.acosh);
export const Asin = /* @__PURE__ */ unary('Asin', lw.LW_UNARY_ASIN, Math.asin);
export const Asinh = /* @__PURE__ */ unary('Asinh', lw.LW_UNARY_ASINH, Math.asinh);
export const Atan = /* @__PURE__ */ unary('Atan', lw.LW_UNARY_ATAN, Math.atan);
export const Atanh = /* @__PURE__ */ unary('Atanh', lw.LW_UNARY_ATANH, Math.atanh);
export const Ceil = /* @__PURE__ */ unary('Ceil', lw.LW_UNARY_CEIL, x => x, asIs);
export const Cos = /* @__PURE__ */ unary('Cos', lw.LW_UNARY_COS, Math.cos);
export const Cosh = /* @__PURE__ */ unary('Cosh', lw.LW_UNARY_COSH, Math.cosh);
export const Elu = /* @__PURE__ */ activate('Elu', lw.LW_ELU, x => x >= 0 ? x : Math.exp(x) - 1);
/** Of an integer the whole part: 1 from where float32 has it on. */
export const Erf = /* @__PURE__ */ unary('Erf', lw.LW_UNARY_ERF, x => Math.abs(x) > 3 ? Math.sign(x) : 0);
export const Expm1 = /* @__PURE__ */ unary('Expm1', lw.LW_UNARY_EXPM1, Math.expm1);
export const Floor = /* @__PURE__ */ unary('Floor', lw.LW_UNARY_FLOOR, x => x, asIs);
export const Log = /* @__PURE__ */ unary('Log', lw.LW_UNARY_LOG, Math.log);
export const Log1p = /* @__PURE__ */ unary('Log1p', lw.LW_UNARY_LOG1P, Math.log1p);
export const Neg = /* @__PURE__ */ unary('Neg', lw.LW_UNARY_NEG, x => x,
  /* @__PURE__ */ withConstant(lw.LW_BINARY_SUB, 0, true));
export const Reciprocal = /* @__PURE__ */ unary('Reciprocal', lw.LW_UNARY_RECIPROCAL, x => 1 / x,
  /* @__PURE__ */ withConstant(lw.LW_BINARY_DIV, 1, true));
export const Relu = /* @__PURE__ */ activate('Relu', lw.LW_RELU, x => x,
  /* @__PURE__ */ withConstant(lw.LW_BINARY_MAX, 0));
export const Relu6 = /* @__PURE__ */ activate('Relu6', lw.LW_RELU6, x => x, /* @__PURE__ */ within(0, 6));
export const Round = /* @__PURE__ */ unary('Round', lw.LW_UNARY_ROUND, x => x, asIs);
export const Rsqrt = /* @__PURE__ */ unary('Rsqrt', lw.LW_UNARY_RSQRT, x => 1 / Math.sqrt(x));
export const Sign = /* @__PURE__ */ unary('Sign', lw.LW_UNARY_SIGN, x => +(x > 0), /* @__PURE__ */ within(-1, 1));
export const Square = /* @__PURE__ */ unary('Square', lw.LW_UNARY_SQUARE, x => x * x, squareInt);
export const Abs = /* @__PURE__ */ unary('Abs', lw.LW_UNARY_ABS, x => x, absInt);
export const Selu = /* @__PURE__ */ unary('Selu', lw.LW_UNARY_SELU,
  x => x >= 0 ? SELU * x : SELU_ALPHA * (Math.exp(x) - 1));
export const Sigmoid = /* @__PURE__ */ activate('Sigmoid', lw.LW_SIGMOID, x => 1 / (1 + Math.exp(-x)));
export const Sin = /* @__PURE__ */ unary('Sin', lw.LW_UNARY_SIN, Math.sin);
export const Sinh = /* @__PURE__ */ unary('Sinh', lw.LW_UNARY_SINH, Math.sinh);
export const Softplus = /* @__PURE__ */ unary('Softplus', lw.LW_UNARY_SOFTPLUS,
  x => x > 14 ? x : Math.log1p(Math.exp(x)));
export const Sqrt = /* @__PURE__ */ unary('Sqrt', lw.LW_UNARY_SQRT, Math.sqrt);
export const Tan = /* @__PURE__ */ unary('Tan', lw.LW_UNARY_TAN, Math.tan);
export const Tanh = /* @__PURE__ */ activate('Tanh', lw.LW_TANH, Math.tanh);
export {
  add as Add, addN as AddN, clip as ClipByValue, eluGrad as EluGrad, exp as Exp, floorDivide as FloorDiv,
  isNan as IsNan, leakyRelu as LeakyRelu, logicalNot as LogicalNot, prelu as Prelu, select as Select, step as Step,
};
