/* SPDX-License-Identifier: MIT */
/*
 * TensorFlow.js's own specs (it ships them compiled) on every tier: all pass, and none is left out.
 * browser/conformance.test.mjs has the same in Chromium.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { supports, TIERS } from 'lanewise/runtime';
import { buildSpecs, summary } from './conformance/specs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-conformance-'));
const bundle = join(folder, 'specs.mjs');
before(() => buildSpecs(bundle));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the package says that it has; the number is the same on the cpu backend. */
const SPECS = 4225;

function specsPass(t, tier, where, ballast) {
  const run = fileURLToPath(new URL('conformance/run.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [run, '--json', bundle, tier, String(ballast)],
    { encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.ok(stdout, stderr);
  const results = JSON.parse(stdout);
  t.diagnostic(summary(results, `${where}, Node ${process.versions.node}`));
  assert.deepEqual(results.failed, []);
  assert.ok(results.specs - results.pending >= SPECS, `${results.specs - results.pending} specs ran`);
}

const tiers = TIERS.filter(supports);
for (const tier of tiers) {
  test(`TensorFlow.js's specs on ${tier}`, t => specsPass(t, tier, tier, 0));
}

test('TensorFlow.js\'s specs above 4,100,000,000 bytes', t => {
  const best = tiers[tiers.length - 1];
  specsPass(t, best, `${best}, addresses above 4,100,000,000`, 4.1e9);
});
