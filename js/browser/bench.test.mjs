/* SPDX-License-Identifier: MIT */
/* The benchmark that runs in a page of Chromium. Nothing here is timed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('models --threads --browser compares all threads with one, on both sides', () => {
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const options = ['--threads', '--browser', '--filter', 'blazeface-front', '--rounds', '1', '--warm-up', '0'];
    const run = spawnSync(process.execPath,
      [fileURLToPath(new URL('../bench/models.mjs', import.meta.url)), ...options, '--out', out], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const { chromium, report } = JSON.parse(readFileSync(join(out, 'threads-browser.json'), 'utf8'));
    assert.match(chromium, /^\d+\./);
    const most = Math.max(2, availableParallelism()), counts = Array.from({ length: most - 1 }, (_, i) => i + 2);
    assert.deepEqual(report.map(({ backend }) => backend),
      ['Lanewise relaxed, 1 thread', ...counts.map((count) => `Lanewise relaxed, ${count} threads`),
        'official wasm, 1 thread', `official wasm, ${Math.min(most, 8)} threads`]);
    for (const { backend, min, median, max } of report) assert.ok(min > 0 && min <= median && median <= max, backend);
  } finally {
    rmSync(out, { recursive: true });
  }
});
