/* SPDX-License-Identifier: MIT */
/* Functions of each element and of pairs of elements; comparisons, logic and the choice between two tensors. */
import { broadcast_util, upcastType, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import { activation, LINEAR, type Activation, type Pointer } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { joinActivation, joinBound, joinPrelu, joinSum } from './deferred.js';
import { ANY, expect, FLOAT, NUMBER, product, STORABLE, typeOf, type Attrs, type Kernel } from './kernel.js';
import { moveStrings, rankStrings } from './values.js';

function expectSame(op: string, a: TensorInfo, b: TensorInfo): void {
  if (a.dtype !== b.dtype) {
    throw new LanewiseError(`${op}: argument 'a' has dtype ${a.dtype}, argument 'b' ${b.dtype}; expected the same`);
  }
}

const binary = (op: string, code: number, dtypes = NUMBER): Kernel => (backend, { a, b }) => {
  expect(op, 'a', a, dtypes);
  expect(op, 'b', b, dtypes);
  expectSame(op, a, b);
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const aPointer = backend.pointer(a), bPointer = backend.pointer(b);
  const y = backend.output(shape, a.dtype);
  backend.kernels.binary(code, typeOf(a.dtype), a.shape, b.shape, aPointer, bPointer, backend.pointer(y));
  return y;
};

/** A sum that an operator's epilogue may be able to do, whichever of the two it made. */
const plainAdd = /* @__PURE__ */ binary('Add', lw.LW_BINARY_ADD);
const add: Kernel = (backend, inputs, attrs) => {
  const { a, b } = inputs;
  return (a && b && (joinSum(backend, a, b) ?? joinSum(backend, b, a))) || plainAdd(backend, inputs, attrs);
};

/** The larger or smaller of two, where the second may be a bound of an operator's output. */
const extreme = (op: string, code: number): Kernel => {
  const plain = binary(op, code);
  return (backend, inputs, attrs) => {
    const { a, b } = inputs;
    return (a && b && joinBound(backend, a, code, b)) || plain(backend, inputs, attrs);
  };
};

const BOOL: readonly DataType[] = ['bool'];
const INT: readonly DataType[] = ['int32'];

/** Its result is bool for any input. */
const comparison = (op: string, code: number, dtypes = STORABLE): Kernel => (backend, inputs) => {
  const { a, b } = inputs;
  expect(op, 'a', a, dtypes);
  expect(op, 'b', b, dtypes);
  expectSame(op, a, b);
  if (a.dtype === 'string') return rankStrings(backend, inputs, ranks => comparison(op, code)(backend, ranks, {}));
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const aPointer = backend.pointer(a), bPointer = backend.pointer(b);
  const y = backend.output(shape, 'bool');
  backend.kernels.binary(code, typeOf(a.dtype), a.shape, b.shape, aPointer, bPointer, backend.pointer(y));
  return y;
};

const logicalNot: Kernel = (backend, { x }) => {
  expect('LogicalNot', 'x', x, BOOL);
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'bool');
  const { kernels, value, heap } = backend;
  heap.u8[value] = 0;
  kernels.binary(lw.LW_BINARY_EQUAL, lw.LW_BOOL, x.shape, [], input, value, backend.pointer(y));
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
  const dtype = upcastType(t.dtype, e.dtype);
  // A condition of one dimension chooses among the rows of tensors of more.
  const rows = product(condition.shape), size = product(t.shape);
  const which = backend.pointer(condition), yes = toType(backend, t, dtype), no = toType(backend, e, dtype);
  const y = backend.output(t.shape.slice(), dtype);
  backend.kernels.select(typeOf(dtype), rows, rows ? size / rows : 0, which, yes, no, backend.pointer(y));
  return y;
};

/** Its result is int32 for any input, as in the other backends. */
const floorDivide: Kernel = (backend, inputs, attrs) => {
  const quotient = binary('FloorDiv', lw.LW_BINARY_FLOOR_DIV);
  const { a, b } = inputs;
  if (a?.dtype !== 'float32' || b?.dtype !== 'float32') return quotient(backend, inputs, attrs);
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const y = backend.output(shape, 'int32');
  const size = product(shape);
  const result = backend.temporary(4 * size);
  const { kernels } = backend;
  const aPointer = backend.pointer(a), bPointer = backend.pointer(b);
  kernels.binary(lw.LW_BINARY_FLOOR_DIV, lw.LW_FLOAT32, a.shape, b.shape, aPointer, bPointer, result);
  kernels.cast(lw.LW_FLOAT32, lw.LW_INT32, size, result, backend.pointer(y));
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
  expect('Prelu', 'x', x, NUMBER);
  expect('Prelu', 'alpha', alpha, NUMBER);
  const joined = joinPrelu(backend, x, alpha);
  if (joined) return joined;
  const shape = broadcast_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
  const input = toFloat(backend, x), slopes = toFloat(backend, alpha);
  const y = backend.output(shape, 'float32');
  backend.kernels.binary(lw.LW_BINARY_PRELU, lw.LW_FLOAT32, x.shape, alpha.shape, input, slopes, backend.pointer(y));
  return y;
};

const addN: Kernel = (backend, inputs) => {
  const terms = Object.values(inputs) as TensorInfo[];
  if (terms.length === 0) throw new LanewiseError('AddN: no tensors are given');
  const [first] = terms;
  for (const term of terms) {
    expect('AddN', 'tensors', term, NUMBER);
    expectSame('AddN', first, term);
    if (product(term.shape) !== product(first.shape)) {
      throw new LanewiseError(`AddN: shapes [${first.shape}] and [${term.shape}] differ`);
    }
  }
  if (terms.length === 2) return add(backend, { a: first, b: { ...terms[1], shape: first.shape } }, {});
  const y = backend.output(first.shape.slice(), first.dtype);
  const output = backend.pointer(y);
  if (terms.length === 1) {
    const from = backend.pointer(first);
    backend.heap.u8.copyWithin(output, from, from + 4 * product(first.shape));
  }
  for (let i = 1; i < terms.length; i++) {
    backend.kernels.binary(lw.LW_BINARY_ADD, typeOf(first.dtype), first.shape, first.shape,
      i === 1 ? backend.pointer(first) : output, backend.pointer(terms[i]), output);
  }
  return y;
};

const unary = (op: string, code: number, dtypes = FLOAT): Kernel => (backend, { x }) => {
  expect(op, 'x', x, dtypes);
  return apply(backend, x, code, LINEAR);
};

const activate = (op: string, kind: number): Kernel => {
  const fixed = activation(kind);
  return (backend, { x }) => {
    expect(op, 'x', x, FLOAT);
    return apply(backend, x, lw.LW_UNARY_ACTIVATION, fixed);
  };
};

function apply(backend: BackendWasm, x: TensorInfo, code: number, how: Activation): TensorInfo {
  const joined = code === lw.LW_UNARY_ACTIVATION ? joinActivation(backend, x, how) : undefined;
  if (joined) return joined;
  const input = toFloat(backend, x);
  const y = backend.output(x.shape.slice(), 'float32');
  backend.kernels.unary(code, how, product(x.shape), input, backend.pointer(y));
  return y;
}

/** What float32 does by itself and int32 as one operation with a constant: constant op x, or x op constant. */
const unaryWithConstant = (op: string, float: Kernel, code: number, constant: number, constantFirst = false): Kernel =>
  (backend, inputs, attrs) => {
    const { x } = inputs;
    expect(op, 'x', x, NUMBER);
    if (x.dtype === 'float32') return float(backend, inputs, attrs);
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
  const { clipValueMin, clipValueMax } = attrs as Attrs;
  expect('ClipByValue', 'x', x, NUMBER);
  if (x.dtype === 'float32') {
    return apply(backend, x, lw.LW_UNARY_ACTIVATION, activation(lw.LW_CLAMP, 0, clipValueMin, clipValueMax));
  }
  const y = backend.output(x.shape.slice(), 'int32');
  const output = backend.pointer(y);
  const bound = (value: number) => Math.min(Math.max(Math.trunc(value), -0x80000000), 0x7fffffff);
  combine(backend, lw.LW_BINARY_MAX, x, backend.pointer(x), bound(clipValueMin), output);
  combine(backend, lw.LW_BINARY_MIN, x, output, bound(clipValueMax), output);
  return y;
};

const relu6Float = /* @__PURE__ */ activate('Relu6', lw.LW_RELU6);
const relu6: Kernel = (backend, inputs, attrs) => inputs.x?.dtype === 'int32'
  ? clip(backend, inputs, { clipValueMin: 0, clipValueMax: 6 }) : relu6Float(backend, inputs, attrs);

const abs: Kernel = (backend, inputs, attrs) => {
  const { x } = inputs;
  if (x?.dtype !== 'int32') return unary('Abs', lw.LW_UNARY_ABS)(backend, inputs, attrs);
  const y = backend.output(x.shape.slice(), 'int32');
  const input = backend.pointer(x), output = backend.pointer(y);
  combine(backend, lw.LW_BINARY_SUB, x, input, 0, output, true);
  backend.kernels.binary(lw.LW_BINARY_MAX, lw.LW_INT32, x.shape, x.shape, input, output, output);
  return y;
};

const square: Kernel = (backend, inputs, attrs) => {
  const { x } = inputs;
  if (x?.dtype !== 'int32') return unary('Square', lw.LW_UNARY_SQUARE)(backend, inputs, attrs);
  return binary('Square', lw.LW_BINARY_MUL)(backend, { a: x, b: x } as never, attrs);
};

/** Integers stay as they are. */
const rounding = (op: string, code: number): Kernel => {
  const float = unary(op, code, NUMBER);
  return (backend, inputs, attrs) => inputs.x?.dtype === 'int32'
    ? backend.share(inputs.x, inputs.x.shape.slice()) : float(backend, inputs, attrs);
};

const signFloat = /* @__PURE__ */ unary('Sign', lw.LW_UNARY_SIGN, NUMBER);
const sign: Kernel = (backend, inputs, attrs) => inputs.x?.dtype === 'int32'
  ? clip(backend, inputs, { clipValueMin: -1, clipValueMax: 1 }) : signFloat(backend, inputs, attrs);

/** alpha, truncated for integers, up to 0 and 1 above. */
const step: Kernel = (backend, { x }, { alpha = 0 }) => {
  expect('Step', 'x', x, NUMBER);
  const y = backend.output(x.shape.slice(), x.dtype);
  const size = product(x.shape), isInt = x.dtype === 'int32';
  const input = toFloat(backend, x), result = isInt ? input : backend.pointer(y);
  backend.kernels.unary(lw.LW_UNARY_STEP, activation(lw.LW_LINEAR, alpha), size, input, result);
  if (isInt) backend.kernels.cast(lw.LW_FLOAT32, lw.LW_INT32, size, result, backend.pointer(y));
  return y;
};

const leakyRelu: Kernel = (backend, { x }, { alpha = 0.2 }) => {
  expect('LeakyRelu', 'x', x, NUMBER);
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

export const Sub = /* @__PURE__ */ binary('Sub', lw.LW_BINARY_SUB);
export const Multiply = /* @__PURE__ */ binary('Multiply', lw.LW_BINARY_MUL);
export const RealDiv = /* @__PURE__ */ binary('RealDiv', lw.LW_BINARY_DIV);
export const Minimum = /* @__PURE__ */ extreme('Minimum', lw.LW_BINARY_MIN);
export const Maximum = /* @__PURE__ */ extreme('Maximum', lw.LW_BINARY_MAX);
export const SquaredDifference = /* @__PURE__ */ binary('SquaredDifference', lw.LW_BINARY_SQUARED_DIFFERENCE);
export const Atan2 = /* @__PURE__ */ binary('Atan2', lw.LW_BINARY_ATAN2, FLOAT);
export const BitwiseAnd = /* @__PURE__ */ binary('BitwiseAnd', lw.LW_BINARY_BITWISE_AND, INT);
export const Mod = /* @__PURE__ */ binary('Mod', lw.LW_BINARY_MOD);
export const Pow = /* @__PURE__ */ binary('Pow', lw.LW_BINARY_POW);
export const Equal = /* @__PURE__ */ comparison('Equal', lw.LW_BINARY_EQUAL);
export const Greater = /* @__PURE__ */ comparison('Greater', lw.LW_BINARY_GREATER);
export const GreaterEqual = /* @__PURE__ */ comparison('GreaterEqual', lw.LW_BINARY_GREATER_EQUAL);
export const Less = /* @__PURE__ */ comparison('Less', lw.LW_BINARY_LESS);
export const LessEqual = /* @__PURE__ */ comparison('LessEqual', lw.LW_BINARY_LESS_EQUAL);
export const LogicalAnd = /* @__PURE__ */ comparison('LogicalAnd', lw.LW_BINARY_LOGICAL_AND, BOOL);
export const LogicalOr = /* @__PURE__ */ comparison('LogicalOr', lw.LW_BINARY_LOGICAL_OR, BOOL);
export const LogicalXor = /* @__PURE__ */ comparison('LogicalXor', lw.LW_BINARY_NOT_EQUAL, BOOL);
export const NotEqual = /* @__PURE__ */ comparison('NotEqual', lw.LW_BINARY_NOT_EQUAL);
export const IsFinite = /* @__PURE__ */ magnitude('IsFinite', lw.LW_BINARY_LESS);
export const IsInf = /* @__PURE__ */ magnitude('IsInf', lw.LW_BINARY_EQUAL);
export const Acos = /* @__PURE__ */ unary('Acos', lw.LW_UNARY_ACOS);
export const Acosh = /* @__PURE__ */ unary('Acosh', lw.LW_UNARY_ACOSH);
export const Asin = /* @__PURE__ */ unary('Asin', lw.LW_UNARY_ASIN);
export const Asinh = /* @__PURE__ */ unary('Asinh', lw.LW_UNARY_ASINH);
export const Atan = /* @__PURE__ */ unary('Atan', lw.LW_UNARY_ATAN);
export const Atanh = /* @__PURE__ */ unary('Atanh', lw.LW_UNARY_ATANH);
export const Ceil = /* @__PURE__ */ rounding('Ceil', lw.LW_UNARY_CEIL);
export const Cos = /* @__PURE__ */ unary('Cos', lw.LW_UNARY_COS);
export const Cosh = /* @__PURE__ */ unary('Cosh', lw.LW_UNARY_COSH);
export const Elu = /* @__PURE__ */ activate('Elu', lw.LW_ELU);
export const Erf = /* @__PURE__ */ unary('Erf', lw.LW_UNARY_ERF);
export const Exp = /* @__PURE__ */ unary('Exp', lw.LW_UNARY_EXP, NUMBER);
export const Expm1 = /* @__PURE__ */ unary('Expm1', lw.LW_UNARY_EXPM1);
export const Floor = /* @__PURE__ */ unary('Floor', lw.LW_UNARY_FLOOR);
export const Log = /* @__PURE__ */ unary('Log', lw.LW_UNARY_LOG);
export const Log1p = /* @__PURE__ */ unary('Log1p', lw.LW_UNARY_LOG1P);
export const Neg = /* @__PURE__ */ unaryWithConstant('Neg',
  /* @__PURE__ */ unary('Neg', lw.LW_UNARY_NEG), lw.LW_BINARY_SUB, 0, true);
export const Reciprocal = /* @__PURE__ */ unaryWithConstant('Reciprocal',
  /* @__PURE__ */ unary('Reciprocal', lw.LW_UNARY_RECIPROCAL), lw.LW_BINARY_DIV, 1, true);
export const Relu = /* @__PURE__ */ unaryWithConstant('Relu',
  /* @__PURE__ */ activate('Relu', lw.LW_RELU), lw.LW_BINARY_MAX, 0);
export const Round = /* @__PURE__ */ rounding('Round', lw.LW_UNARY_ROUND);
export const Rsqrt = /* @__PURE__ */ unary('Rsqrt', lw.LW_UNARY_RSQRT);
export const Selu = /* @__PURE__ */ unary('Selu', lw.LW_UNARY_SELU);
export const Sigmoid = /* @__PURE__ */ activate('Sigmoid', lw.LW_SIGMOID);
export const Sin = /* @__PURE__ */ unary('Sin', lw.LW_UNARY_SIN);
export const Sinh = /* @__PURE__ */ unary('Sinh', lw.LW_UNARY_SINH);
export const Softplus = /* @__PURE__ */ unary('Softplus', lw.LW_UNARY_SOFTPLUS);
export const Sqrt = /* @__PURE__ */ unary('Sqrt', lw.LW_UNARY_SQRT);
export const Tan = /* @__PURE__ */ unary('Tan', lw.LW_UNARY_TAN);
export const Tanh = /* @__PURE__ */ activate('Tanh', lw.LW_TANH);
export {
  add as Add, addN as AddN, eluGrad as EluGrad, floorDivide as FloorDiv, prelu as Prelu, logicalNot as LogicalNot,
  select as Select, isNan as IsNan, abs as Abs, clip as ClipByValue, leakyRelu as LeakyRelu, relu6 as Relu6,
  sign as Sign, square as Square, step as Step,
};
