/* SPDX-License-Identifier: MIT */
/* js/docs/kernels.md is what the registry, the catalogue and the kernels themselves say today. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { kernelNames } from 'lanewise/backend';
import { supports, TIERS } from 'lanewise/runtime';
import { instrument } from './instrument.mjs';
import { committed, kernelTable } from './kernel-table.mjs';

const fileOf = tier => readFileSync(createRequire(import.meta.url).resolve(`lanewise/lanewise-${tier}.wasm`));

test('instrumented files tell which functions run, and with what instructions', async () => {
  for (const tier of TIERS.filter(supports)) {
    const { bytes, functions } = instrument(fileOf(tier));
    const imports = { env: { emscripten_notify_memory_growth() {} } };
    const { instance: { exports } } = await WebAssembly.instantiate(bytes, imports);
    exports._initialize?.();
    const named = name => functions.find(({ exported }) => exported === name);
    const ran = name => exports[named(name).probe].value;
    assert.deepEqual([ran('malloc'), ran('lw_version')], [0, 0]);
    exports.malloc(8);
    assert.deepEqual([ran('malloc'), ran('lw_version')], [1, 0]);
    const some = key => functions.some(f => f.inTable && f[key]);
    assert.deepEqual([some('simd'), some('relaxed')], [tier !== 'scalar', tier === 'relaxed'], tier);
    assert.deepEqual(functions.filter(f => f.exported?.startsWith('lw_') && f.simd), [], 'operators are plain C');
  }
});

// The table is of all tiers.
if (TIERS.every(supports)) {
  test('js/docs/kernels.md is up to date; npm run kernels makes it so', async () => {
    const made = await kernelTable();
    assert.equal(committed(), made);
    for (const name of kernelNames) assert.match(made, new RegExp(`\\b${name}\\b`));
  });
}
