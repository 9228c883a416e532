/* SPDX-License-Identifier: MIT */
/*
 * Makes ../docs/kernels.md: which kernels there are, for which dtypes, and what runs them. None of it is written by hand:
 * the names are the registry's, the inputs the catalogue's, and what runs is seen by running it, on WebAssembly files that
 * note which of their functions are entered. `npm run kernels` writes the page; table.test.mjs compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { kernelNames, registerBackend } from 'lanewise/backend';
import { TIERS } from 'lanewise/runtime';
import { catalogue } from './catalogue.mjs';
import { instrument } from './instrument.mjs';
import { tensor } from './values.mjs';

const DTYPES = ['float32', 'int32', 'bool', 'complex64', 'string'];
const page = fileURLToPath(new URL('../docs/kernels.md', import.meta.url));
const file = tier => createRequire(import.meta.url).resolve(`lanewise/lanewise-${tier}.wasm`);

/** Starts a backend on an instrumented file. Returns what tells which functions a body enters. */
async function start(tier) {
  const { bytes, functions } = instrument(readFileSync(file(tier)));
  registerBackend(`noted-${tier}`, { wasm: bytes, tier });
  const { instantiate } = WebAssembly;
  let exports;
  WebAssembly.instantiate = async (...args) => {
    const instance = await instantiate(...args);
    ({ exports } = instance);
    return instance;
  };
  try {
    if (!await tf.setBackend(`noted-${tier}`)) throw new Error(`${tier} doesn't start`);
  } finally {
    WebAssembly.instantiate = instantiate;
  }
  return body => {
    for (const { probe } of functions) exports[probe].value = 0;
    body();
    return functions.filter(({ probe }) => exports[probe].value);
  };
}

function make(x) {
  if (Array.isArray(x)) return x.map(make);
  if (x.dtype === undefined) return x; // a picture
  if (x.dtype !== 'complex64') return tf.tensor(x.values, x.shape, x.dtype);
  const part = which => tf.tensor(x.values.filter((_, i) => i % 2 === which), x.shape, 'float32');
  return tf.complex(part(0), part(1));
}

/** What runs a kernel on the current backend; undefined when it refuses the inputs. */
function watch(enter, name, { inputs, attrs = {} }) {
  let result;
  const backend = tf.backend();
  tf.tidy(() => {
    try {
      const given = Array.isArray(inputs) ? inputs.map(make)
        : Object.fromEntries(Object.entries(inputs).filter(([, x]) => x).map(([key, x]) => [key, make(x)]));
      const ids = new Set(Object.values(given).flat().map(x => x.dataId));
      let outputs;
      const entered = enter(() => {
        outputs = [tf.engine().runKernel(name, given, attrs)].flat();
        backend.finish();
        for (const y of outputs) y.dataSync();
      });
      if (entered.some(f => f.inTable && f.relaxed)) result = 'relaxed';
      else if (entered.some(f => f.inTable && f.simd)) result = 'SIMD';
      else if (entered.some(f => f.exported?.startsWith('lw_'))) result = 'C';
      else result = outputs.every(y => ids.has(y.dataId)) && !attrs.canvas ? 'view' : 'JS';
    } catch {
      // The kernel doesn't take these.
    }
  });
  return result;
}

/** The same inputs with another dtype in place of the one that they have in common. */
function converted({ inputs, attrs }, from, to) {
  const change = x => Array.isArray(x) ? x.map(change)
    : x?.dtype === from ? tensor(to, x.shape, to === 'string' ? ['a', 'b', 'c'] : [0, 1, 1, 0, 1]) : x;
  const changed = Object.entries(inputs).map(([key, x]) => [key, change(x)]);
  return { inputs: Array.isArray(inputs) ? changed.map(([, x]) => x) : Object.fromEntries(changed), attrs };
}

/** A kernel's inputs for a dtype: the catalogue's, or those of another dtype, to see whether it takes this one too. */
function casesOf(entry, dtype) {
  if (entry[dtype]?.cases) return entry[dtype].cases;
  const [from, row] = Object.entries(entry).find(([, { cases }]) => cases) ?? [];
  const has = ({ inputs }) => Object.values(inputs).flat().some(x => x?.dtype === from);
  return (row?.cases ?? []).filter(has).map(each => converted(each, from, dtype));
}

const RANKS = ['relaxed', 'SIMD', 'C', 'JS', 'view'];

/** kernel -> dtype -> tier -> what runs it, the fastest of what runs in any of the cases. */
async function observe() {
  const found = {};
  for (const tier of TIERS) {
    const enter = await start(tier);
    for (const name of kernelNames) {
      for (const dtype of DTYPES) {
        const kinds = new Set(casesOf(catalogue[name] ?? {}, dtype).map(each => watch(enter, name, each)));
        ((found[name] ??= {})[dtype] ??= {})[tier] = RANKS.find(kind => kinds.has(kind));
      }
    }
  }
  return found;
}

function cell({ scalar, simd128, relaxed }) {
  if (!relaxed) return '';
  if (simd128 === 'SIMD' && scalar === 'C') return relaxed === 'relaxed' ? 'SIMD+' : relaxed === 'SIMD' ? 'SIMD'
    : `SIMD, relaxed ${relaxed}`;
  return scalar === simd128 && simd128 === relaxed ? relaxed : `${scalar}, simd128 ${simd128}, relaxed ${relaxed}`;
}

const wrapped = names => names.join(', ').replace(/(.{1,90})(?: |$)/g, '$1\n').trim();

/** The page's text. */
export const committed = () => readFileSync(page, 'utf8');

export async function kernelTable() {
  const found = await observe();
  const all = kernelNames.map(name => [name, ...DTYPES.map(dtype => cell(found[name][dtype]))]);
  const [cells, missing] = [true, false].map(seen => all.filter(row => row.slice(1).some(Boolean) === seen));
  const widths = [Math.max(...cells.map(([name]) => name.length)), ...DTYPES.map((dtype, i) =>
    Math.max(dtype.length, ...cells.map(row => row[i + 1].length)))];
  const line = (row, pad = ' ') => `| ${row.map((text, i) => text.padEnd(widths[i], pad)).join(' | ')} |`;
  const counts = DTYPES.map((dtype, i) => {
    const kinds = cells.map(row => row[i + 1]).filter(Boolean);
    const simd = kinds.filter(kind => kind.startsWith('SIMD')).length;
    return `${dtype} ${kinds.length} (${simd} with SIMD)`;
  });
  return `# The kernels of the TensorFlow.js backend

<!-- Generated: js/test/kernel-table.mjs, \`npm run kernels\` in js/. -->

${kernelNames.length} kernels, by the names that TensorFlow.js gives them. By dtype:
${counts.join(', ')}.

What runs a kernel is seen by running it on the inputs of the tests' catalogue; where several things do, depending on
shapes and attributes, the first of these is named:

| | in tier simd128 | in tier relaxed | in tier scalar |
|---|---|---|---|
| **SIMD+** | a hand-written SIMD micro-kernel | one with relaxed instructions, as fused multiply-add | the same in C |
| **SIMD** | a hand-written SIMD micro-kernel | the same instructions | the same in C |
| **C** | plain C | plain C | plain C |
| **JS** | JavaScript: bookkeeping, and dtypes that are seldom met | | |
| **view** | nothing: the output is the input, seen with another shape | | |

JS is TensorFlow.js's own code, which its backends share, wherever there is such code. Strings are moved and compared as
numbers that stand for them, by the same code as numbers. A cell without text: the kernel doesn't take that dtype.
${missing.length ? `\nThe catalogue has no inputs yet for\n${wrapped(missing.map(([name]) => name))}.\n` : ''}
${line(['kernel', ...DTYPES])}
|${widths.map(width => '-'.repeat(width + 2)).join('|')}|
${cells.map(row => line(row)).join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, await kernelTable());
  console.log(`wrote ${page}`);
}
