/* SPDX-License-Identifier: MIT */
/*
 * TensorFlow.js's own specs in headless Chromium, on every tier, with the threads of the machine where a tier has some.
 * More of them run there than under Node.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FILES, TIERS } from 'lanewise/runtime';
import { chromium } from 'playwright-core';
import { buildSpecs, Results, summary } from '../test/conformance/specs.mjs';
import { CHROMIUM } from './chromium.mjs';
import { serve } from './serve.mjs';

const TIMEOUT = 300_000;
const folder = mkdtempSync(join(tmpdir(), 'lanewise-specs-'));
let site, browser;

before(async () => {
  await buildSpecs(join(folder, 'specs.js'), 'browser');
  const require = createRequire(import.meta.url);
  copyFileSync(require.resolve('jasmine-core/lib/jasmine-core/jasmine.js'), join(folder, 'jasmine.js'));
  for (const file of FILES) copyFileSync(require.resolve(`lanewise/${file}`), join(folder, file));
  writeFileSync(join(folder, 'index.html'), `<!doctype html><meta charset="utf-8"><title>specs</title>
    <script src="jasmine.js"></script>
    <script>
      globalThis.jasmine = jasmineRequire.core(jasmineRequire);
      Object.assign(globalThis, jasmineRequire.interface(jasmine, jasmine.getEnv()));
    </script>`);
  site = await serve(folder);
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page does; it returns what Jasmine reports of each spec. */
async function runSpecs(tier) {
  globalThis.lanewiseTier = tier;
  console.log = console.warn = console.error = () => {}; // the specs are talkative
  const env = jasmine.getEnv();
  const done = [];
  env.configure({ random: false });
  env.addReporter({
    specDone({ status, fullName, failedExpectations }) {
      done.push({ status, fullName, failedExpectations: failedExpectations.map(({ message }) => ({ message })) });
    },
  });
  await import('/specs.js');
  await env.execute();
  return done;
}

for (const tier of TIERS) {
  test(`TensorFlow.js's specs in Chromium on ${tier}`, { timeout: TIMEOUT }, async () => {
    const page = await browser.newPage();
    await page.goto(site.url);
    const results = new Results();
    for (const result of await page.evaluate(runSpecs, tier)) results.specDone(result);
    const [threads, cores] = await page.evaluate('[lanewiseThreads, navigator.hardwareConcurrency]');
    assert.equal(threads, tier === 'scalar' ? 1 : Math.min(cores, 8));
    await page.close();
    console.log(summary(results, `${tier}, ${threads} thread(s), Chromium ${browser.version()}`));
    assert.deepEqual(results.failed, []);
    assert.ok(results.specs - results.pending > 4225, `${results.specs - results.pending} specs ran`);
  });
}
