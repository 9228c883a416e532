/* SPDX-License-Identifier: MIT */
import { edges, line, random } from '../values.mjs';

const SIZES = { b: 3, i: 4, j: 5, k: 6 };
const cases = dtype => [
  ...['ij->ji', 'ij->j', 'bij->', 'i,i->', 'i,j->ji', 'ij,jk->ik', 'ij,kj->ki', 'bij,bjk->bik', 'bij,bkj->kbi',
    'bij,jk->bik', 'ij,ij->ij', 'bij,bij->b', 'bi,bk->bik'].map(equation => ({
    inputs: equation.split('->')[0].split(',').map((term, i) =>
      random(dtype, [...term].map(dim => SIZES[dim]), 3 + i, dtype === 'int32' ? -100 : -1)),
    attrs: { equation },
  })),
  { inputs: [line(dtype)], attrs: { equation: 'i->i' } },
  { inputs: [edges(dtype, []), edges(dtype, [3], 5)], attrs: { equation: ',i->i' } },
  { inputs: [edges(dtype, [2, 0]), edges(dtype, [0, 3])], attrs: { equation: 'ij,jk->ik' } },
];
export const Einsum = {
  float32: { cases: cases('float32'), exact: { absolute: 1e-5, reason: 'cpu adds up in float64' } },
  int32: { cases: cases('int32'), exact: 'bits' },
};
