/* SPDX-License-Identifier: MIT */
import { edges, EDGES, line, random } from '../values.mjs';

/** Every pair of edges; all ranks of broadcasting; nothing at all; and with operands of other dtypes, if `mixed`. */
function pairs(dtype, [x, y] = ['a', 'b'], mixed = []) {
  return [dtype, ...mixed].flatMap(other => pairsOf(dtype, other, x, y));
}

function pairsOf(dtype, other, x, y) {
  const a = edges(dtype, [EDGES[dtype].length, 1]), b = edges(other, [EDGES[other].length]);
  const cases = [[a, b], [line(dtype), edges(other, a.shape.slice(0, 1), 7, 5)]];
  for (const [left, right] of [[[], []], [[], [5]], [[7], []], [[2, 3, 5], [3, 1]], [[2, 1, 5], [2, 3, 1]], [[0], [1]],
    [[3, 0], [1, 1]], [[1, 2, 2, 3], [3]], [[9], [3, 1]]]) {
    cases.push([random(dtype, left, 3), random(other, right, 4)]);
  }
  return cases.map(([p, q]) => ({ inputs: { [x]: p, [y]: q } }));
}

const NUMBER = ['float32', 'int32'], ANY = ['float32', 'int32', 'bool'];
const MIXED = { float32: ['int32', 'bool'], int32: ['float32', 'bool'], bool: ['float32', 'int32'] };

/** Rows for dtypes; `float` is for float32 only. */
const rows = (dtypes, cases, exact, float = {}) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact, ...(dtype === 'float32' && float) }]));

const binary = (exact = 'bits', float = {}, names = undefined) =>
  rows(ANY, d => pairs(d, names, MIXED[d]), exact, float);

/** Not with operands of different ranks, of which cpu makes NaN. */
const complexPairs = {
  complex64: {
    cases: [[[5], [5]], [[1], [4]], [[2, 3], [1, 3]], [[2, 1, 3], [2, 3, 1]], [[0, 2], [1, 2]]].flatMap(([p, q], i) => [
      { inputs: { a: random('complex64', p, i), b: random('complex64', q, i + 9) } },
      { inputs: { a: random('complex64', p, i), b: random('float32', q, i + 9) } },
      { inputs: { a: random('int32', p, i), b: random('complex64', q, i + 9) } },
      { inputs: { a: edges('complex64', p, 3, 5), b: edges('complex64', q, 8, 11) } },
    ]),
    exact: 'bits',
  },
};

function modulo(a, b) {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? Math.fround(rest + b) : rest;
}

/** Zeros of different signs. */
const zeros = reason => ({ reason, where: ({ ours, cpu }) => ours === 0 && cpu === 0 });
const EITHER_ZERO = zeros('of two zeros either is the larger: f32x4.pmin and pmax take the first');

export const Add = { ...binary(), ...complexPairs };
export const Sub = { ...binary(), ...complexPairs };
export const Multiply = { ...binary(), ...complexPairs };
Multiply.int32.except = [{
  reason: 'our products are exact modulo 2^32; cpu rounds those above 2^53 to float64 first',
  where: ({ ours, at }) => Math.abs(at('a') * at('b')) > 2 ** 53 && ours === Math.imul(at('a'), at('b')),
}];
export const RealDiv = binary();
export const Minimum = binary('bits', { except: [EITHER_ZERO] });
export const Maximum = binary('bits', { except: [EITHER_ZERO] });
export const SquaredDifference = binary({ ulp: 2 });
SquaredDifference.int32.except = [{
  reason: 'our differences wrap around and our squares are exact modulo 2^32; cpu rounds in float64',
  where: ({ ours, at }) => Math.abs(at('a') - at('b')) > 2 ** 26
    && ours === Math.imul(at('a') - at('b') | 0, at('a') - at('b') | 0),
}];
export const Atan2 = binary({ ulp: 1 });
export const BitwiseAnd = { int32: { cases: pairs('int32'), exact: 'bits' } };
export const Mod = binary();
Mod.float32.except = [{
  reason: 'ours is the exact remainder, with the sign of b; cpu adds b to it before it divides once more',
  where: ({ ours, at }) => ours === modulo(at('a'), at('b')),
}];

export const Pow = binary({ ulp: 1 });
Pow.float32.except = [{
  reason: 'IEEE 754 has 1 for 1 to any power, and for -1 to an infinite one; JavaScript has NaN',
  where: ({ ours, at }) => ours === 1 && (at('a') === 1 || (at('a') === -1 && Math.abs(at('b')) === Infinity)),
}];

Pow.int32.except = [{
  reason: 'our powers are exact modulo 2^32; cpu rounds those above 2^53 to float64 first',
  where: ({ at }) => Math.abs(at('a') ** at('b')) > 2 ** 53,
}];
export const FloorDiv = binary();
export const Prelu = binary({ ulp: 1 }, {}, ['x', 'alpha']);
export const Equal = binary();
export const NotEqual = binary();
export const Greater = binary();
export const GreaterEqual = binary();
export const Less = binary();
export const LessEqual = binary();
for (const comparison of [Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual]) {
  comparison.string = { cases: pairs('string'), exact: 'bits' };
}
const logical = { bool: { cases: pairs('bool'), exact: 'bits' } };
export const LogicalAnd = logical;
export const LogicalOr = logical;
export const LogicalXor = {
  bool: { elsewhere: 'kernels.test.mjs', reason: 'the cpu backend has no kernel of this name', cases: pairs('bool') },
};

/** The edges, many numbers, and shapes. */
function singles(dtype, attrs = [{}]) {
  const inputs = [line(dtype), edges(dtype, [], 3), random(dtype, [2, 3, 5], 5, -8, 8), random(dtype, [0, 4]),
    random(dtype, [1, 1, 7], 6, -100, 100), random(dtype, [1000], 8, -3, 3)];
  return attrs.flatMap(a => inputs.map(x => ({ inputs: { x }, attrs: a })));
}

const unary = (exact = 'bits', float = {}, attrs = [{}]) => rows(ANY, d => singles(d, attrs), exact, float);

/** exp(x) - 1 as cpu computes it has lost the digits of a small x. */
const cancelled = scale => ({
  reason: 'ours is exact to 2.5 ULP; cpu subtracts 1 from a number near 1',
  where: ({ ours, at }) => at('x') < 0 && Math.abs(ours - scale * Math.expm1(at('x'))) <= 3e-7 * Math.abs(ours) + 2e-45,
});
const DENORMAL = { reason: 'ours may be 0 under 2^-126', where: ({ ours, cpu }) => ours === 0 && cpu < 2 ** -126 };

export const Abs = unary();
Abs.int32.except = [{
  reason: 'ours are exact; cpu goes through float32',
  where: ({ ours, at }) => Math.abs(at('x')) > 2 ** 24 && ours === (Math.abs(at('x')) | 0),
}];
export const Acos = unary({ ulp: 1 });
export const Acosh = unary({ ulp: 1 });
export const Asin = unary({ ulp: 1 });
export const Asinh = unary({ ulp: 1 });
export const Atan = unary({ ulp: 1 });
export const Atanh = unary({ ulp: 1 });
export const Ceil = unary();
export const ClipByValue = unary('bits', {}, [[-1, 1], [0, 0], [-2.5, 1e9], [3, Infinity], [-Infinity, 0.1]]
  .map(([clipValueMin, clipValueMax]) => ({ clipValueMin, clipValueMax })));
export const Cos = unary({ ulp: 1 });
export const Cosh = unary({ ulp: 1 });
export const Elu = unary({ ulp: 2 }, { except: [cancelled(1)] });
export const Erf = unary({ absolute: 2e-7, reason: 'cpu has an approximation good to 1.5e-7; ours is to 2 ULP' });
Erf.int32.except = [{
  reason: 'erf(4) is 1 in float32',
  where: ({ ours, cpu, at }) => Math.abs(at('x')) > 3 && Math.abs(ours - cpu) === 1,
}];
export const Exp = unary({ ulp: 2 });
export const Expm1 = unary({ ulp: 2 });
export const Floor = unary();
export const IsFinite = unary();
export const IsInf = unary();
export const IsNan = unary();
export const LeakyRelu = unary({ ulp: 1 }, {}, [{ alpha: 0.2 }, { alpha: 0 }, { alpha: -2 }, { alpha: 0.1 }]);
export const Log = unary({ ulp: 2 });
export const Log1p = unary({ ulp: 2 });
export const LogicalNot = rows(['int32', 'bool'], d => singles(d), 'bits');
export const Neg = unary();
export const Reciprocal = unary();
export const Relu = unary('bits', { except: [EITHER_ZERO] });
export const Relu6 = unary('bits', { except: [EITHER_ZERO] });
export const Round = unary('bits', { except: [zeros('-0.5 is rounded to -0, as IEEE 754 has it')] });
export const Rsqrt = unary({ ulp: 2 });
export const Selu = unary({ ulp: 3 }, { except: [cancelled(1.7580993408473768)] });
export const Sigmoid = unary({ ulp: 3 }, { except: [DENORMAL] });
export const Sign = unary();
export const Sin = unary({ ulp: 1 });
export const Sinh = unary({ ulp: 1 });
export const Softplus = unary({ ulp: 4 }, { except: [DENORMAL] });
export const Sqrt = unary();
export const Square = unary();
Square.int32.except = [{
  reason: 'ours are exact modulo 2^32; cpu goes through float32',
  where: ({ ours, at }) => Math.abs(at('x')) > 2 ** 12 && ours === Math.imul(at('x'), at('x')),
}];
export const Step = unary('bits', {}, [{ alpha: 0 }, { alpha: 0.5 }, { alpha: -3 }]);
export const Tan = unary({ ulp: 1 });
export const Tanh = unary({ ulp: 3 });
export const EluGrad = {
  float32: {
    cases: [[line('float32'), random('float32', line('float32').shape, 3)],
      [random('float32', [3, 4], 5), edges('float32', [3, 4], 9)], [random('float32', [], 5), edges('float32', [], 9)],
      [edges('float32', [0]), edges('float32', [0])]]
      .map(([dy, y]) => ({ inputs: { dy, y } })),
    exact: { ulp: 1 },
  },
};
const SUMMED = zeros('a sum of negative zeros is one; cpu starts from 0');
export const AddN = rows(ANY, dtype => [1, 2, 3, 5].map(n => ({
  inputs: Array.from({ length: n }, (_, i) => edges(dtype, [50], 7 * i, i + 1)),
})), 'bits', { except: [SUMMED] });

export const Select = {};
for (const dtype of ANY) {
  Select[dtype] = {
    cases: [[[], []], [[7], [7]], [[2, 3], [2, 3]], [[0], [0]], [[2, 3, 4], [2, 3, 4]]].map(([c, x], i) => ({
      inputs: { condition: random('bool', c, i + 5), t: edges(dtype, x, i), e: edges(dtype, x, i + 5) },
    })),
    exact: 'bits',
  };
}
Select.float32.cases.push({
  inputs: { condition: random('bool', [9]), t: edges('float32', [9]), e: edges('int32', [9]) },
}, { inputs: { condition: random('bool', [9]), t: edges('bool', [9]), e: edges('float32', [9]) } });
