/* SPDX-License-Identifier: MIT */
/*
 * The catalogue: for each kernel of the backend, by dtype, inputs and attributes that show what it does, and how
 * exactly it agrees with the cpu backend. precision.test.mjs holds every tier to it, and the table of kernels is made of it.
 *
 * Each file of the folder catalogue/ has one family (one file of src/backend). It exports, under each kernel's name, an
 * object from dtype (that of the main input; 'string' and 'complex64' too) to
 *
 *     {
 *       cases: [{ inputs: { x: tensor, ... } or [tensor, ...], attrs: {...} }, ...],   tensors: see values.mjs; an
 *                                                input may be a list of tensors
 *       exact: 'bits',                           or { ulp: n }: so many floats away at most,
 *                                                or { absolute: a, relative: r, reason: '...' }: a + r |cpu|
 *       relaxed: { ulp: n },                     for the relaxed tier, where that's another; likewise
 *       parts: true,                             where the cpu backend takes no complex64: real and imaginary parts alone
 *       except: [{ reason: '...', where: ({ ours, cpu, at, attrs }) => boolean }],
 *     }
 *
 * `cases` should have several shapes (empty ones and scalars among them), values from EDGES, and each attribute. NaN
 * agrees with NaN, and the sign of zero counts. An exception is a difference that we want: it says why, and `where` says
 * for which elements (`at('x')` is an input's element there, as broadcast to the output). One that is never needed fails.
 * In place of all that, `{ elsewhere: 'file of js/test', reason: '...' }` is for a kernel that the cpu backend lacks; it
 * may have cases for the table of kernels (js/docs/kernels.md).
 */
import { readdirSync } from 'node:fs';

/** Family -> kernel -> dtype -> what is above. */
export const families = {};
for (const file of readdirSync(new URL('catalogue', import.meta.url)).sort()) {
  families[file.replace('.mjs', '')] = { ...await import(new URL(`catalogue/${file}`, import.meta.url)) };
}

/** Kernel -> dtype -> what is above. */
export const catalogue = Object.assign({}, ...Object.values(families));
