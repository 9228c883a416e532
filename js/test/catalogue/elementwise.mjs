/* SPDX-License-Identifier: MIT */
import { edges, EDGES, line, random, tensor } from '../values.mjs';

/** Every pair of edges; all ranks of broadcasting; nothing at all. */
function pairs(dtype, [x, y] = ['a', 'b'], other = dtype) {
  const a = edges(dtype, [EDGES[dtype].length, 1]), b = edges(other, [EDGES[other].length]);
  const cases = [[a, b], [line(dtype), edges(other, a.shape.slice(0, 1), 7, 5)]];
  for (const [left, right] of [[[], []], [[], [5]], [[7], []], [[2, 3, 5], [3, 1]], [[2, 1, 5], [2, 3, 1]], [[0], [1]],
    [[3, 0], [1, 1]], [[1, 2, 2, 3], [3]], [[9], [3, 1]]]) {
    cases.push([random(dtype, left, 3), random(other, right, 4)]);
  }
  return cases.map(([p, q]) => ({ inputs: { [x]: p, [y]: q } }));
}

/** Rows for dtypes; `exact` and more are float32's. */
const rows = (dtypes, cases, exact, float) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits', ...(dtype === 'float32' && { exact, ...float }) }]));

const binary = (dtypes, exact = 'bits', float = {}) => rows(dtypes, d => pairs(d), exact, float);

const NUMBER = ['float32', 'int32'], ANY = ['float32', 'int32', 'bool'], COMPARED = [...ANY, 'string'];

/** Which of two zeros is no matter of the value. */
const ZEROS = {
  reason: 'of two zeros with different signs either is the larger: f32x4.pmin and pmax take the first',
  where: ({ ours, cpu }) => ours === 0 && cpu === 0,
};

export const Add = binary(NUMBER);
export const Sub = binary(NUMBER);
export const Multiply = {
  ...binary(['float32']),
  int32: {
    cases: pairs('int32'),
    exact: 'bits',
    except: [{
      reason: 'our products are exact modulo 2^32; cpu rounds those above 2^53 to float64 first',
      where: ({ ours, at }) => Math.abs(at('a') * at('b')) > 2 ** 53 && ours === Math.imul(at('a'), at('b')),
    }],
  },
};
export const Minimum = binary(NUMBER, 'bits', { except: [ZEROS] });
export const Maximum = binary(NUMBER, 'bits', { except: [ZEROS] });
export const Equal = binary(COMPARED);
export const NotEqual = binary(COMPARED);
export const Greater = binary(COMPARED);
export const GreaterEqual = binary(COMPARED);
export const Less = binary(COMPARED);
export const LessEqual = binary(COMPARED);

/** The edges, many numbers, and shapes. */
function singles(dtype, attrs = [{}]) {
  const inputs = [line(dtype), edges(dtype, [], 3), random(dtype, [2, 3, 5], 5, -8, 8), random(dtype, [0, 4]),
    random(dtype, [1, 1, 7], 6, -100, 100)];
  return attrs.flatMap(a => inputs.map(x => ({ inputs: { x }, attrs: a })));
}

const unary = (dtypes, exact = 'bits', float = {}, attrs = [{}]) => rows(dtypes, d => singles(d, attrs), exact, float);

const FLOAT = ['float32'];

export const Abs = {
  ...unary(FLOAT),
  int32: {
    cases: singles('int32'),
    exact: 'bits',
    except: [{
      reason: 'ours are exact; cpu goes through float32',
      where: ({ ours, at }) => Math.abs(at('x')) > 2 ** 24 && ours === (Math.abs(at('x')) | 0),
    }],
  },
};
export const Acos = unary(FLOAT, { ulp: 1 });
export const Exp = unary(FLOAT, { ulp: 2 });
export const Relu = unary(NUMBER, 'bits', { except: [ZEROS] });
export const Sqrt = unary(FLOAT);
export const EluGrad = {
  float32: {
    cases: [[line('float32'), random('float32', line('float32').shape, 3)],
      [random('float32', [3, 4], 5), edges('float32', [3, 4], 9)], [random('float32', [], 5), edges('float32', [], 9)],
      [edges('float32', [0]), edges('float32', [0])]]
      .map(([dy, y]) => ({ inputs: { dy, y } })),
    exact: { ulp: 1 },
  },
};
