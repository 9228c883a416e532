/* SPDX-License-Identifier: MIT */
/*
 * TensorFlow.js's own specs (it ships them compiled) on every tier. A spec may fail because it needs a kernel that the
 * backend doesn't have, or for one of the reasons written down here; for no other.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { supports, TIERS } from 'lanewise/runtime';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-conformance-'));
const bundle = join(folder, 'specs.mjs');
after(() => rmSync(folder, { recursive: true, force: true }));

/** What fails, by the message, and why that is right. */
const EXCUSED = [
  [/not registered for backend/, 'the backend has no such kernel'],
  [/dataFormat 'NCHW' is not supported/, 'images are NHWC'],
  [/has dtype string; expected/, 'strings are stored and moved, neither compared nor repeated'],
  [/'dy' has shape \[1,8,8,8\]; expected \[1, 4, 4, 8\]/, 'the spec hands in a gradient of the wrong shape'],
];

before(() => build({
  stdin: {
    resolveDir: root,
    contents: `
      import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
      import '@tensorflow/tfjs-core/dist/register_all_gradients';
      import '@tensorflow/tfjs-backend-cpu';
      import { setBackend } from '@tensorflow/tfjs-core';
      import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
      import { registerBackend } from 'lanewise/backend';
      registerBackend('tested', { tier: globalThis.lanewiseTier, wasmPaths: ${JSON.stringify(join(root, 'dist'))} });
      setTestEnvs([{ name: 'test', backendName: 'tested', flags: {}, isDataSync: true }]);
      await setBackend('tested');
      await import('@tensorflow/tfjs-core/dist/tests');`,
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  mainFields: ['module', 'main'],
  ignoreAnnotations: true, // TensorFlow.js says that its specs have no side effects
  outfile: bundle,
  logLevel: 'error',
  banner: {
    js: `import { createRequire } from 'node:module';
      const require = createRequire(${JSON.stringify(pathToFileURL(join(root, 'package.json')).href)});`,
  },
}));

for (const tier of TIERS.filter(supports)) {
  test(`TensorFlow.js's specs on ${tier}`, t => {
    const { passed, failed } = JSON.parse(execFileSync(process.execPath,
      [join(root, 'test/conformance.mjs'), tier, bundle], { encoding: 'utf8', maxBuffer: 1 << 28 }));
    const counts = new Map(EXCUSED.map(([, why]) => [why, 0]));
    const wrong = [];
    for (const [name, message] of failed) {
      const excuse = EXCUSED.find(([pattern]) => pattern.test(message));
      if (excuse) counts.set(excuse[1], counts.get(excuse[1]) + 1);
      else wrong.push(`${name}: ${message}`);
    }
    t.diagnostic(`${passed} specs pass; ${[...counts].map(([why, n]) => `${n} fail: ${why}`).join('; ')}`);
    assert.deepEqual(wrong, []);
    assert.ok(passed > 3500, `${passed} specs pass`);
    for (const [why, n] of counts) assert.ok(n > 0, `the excuse is needed: ${why}`);
  });
}
