/* SPDX-License-Identifier: MIT */
/*
 * `npm run conformance [-- TIER [REGEX]]`: TensorFlow.js's own specs, those whose full names match, on one tier under
 * Node; by default the best tier. `--json BUNDLE TIER [BALLAST]` prints the results as JSON, of a bundle that is there
 * already.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { chooseTier } from 'lanewise/runtime';
import { buildSpecs, Results, summary } from './specs.mjs';

const Jasmine = createRequire(import.meta.url)('jasmine');
const json = process.argv[2] === '--json';
let bundle, tier, regex, ballast;
if (json) [bundle, tier, ballast = '0'] = process.argv.slice(3);
else [tier = chooseTier().tier, regex, ballast = '0'] = process.argv.slice(2);
try {
  chooseTier({ tier });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
globalThis.lanewiseTier = tier;
globalThis.lanewiseBallast = Number(ballast);

if (!json) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-conformance-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  bundle = join(folder, 'specs.mjs');
  await buildSpecs(bundle);
}

console.log = console.warn = () => {}; // the specs are talkative
const runner = new Jasmine({ projectBaseDir: dirname(bundle) });
runner.loadConfig({ random: false, spec_dir: '.', spec_files: [basename(bundle)] });
runner.exitOnCompletion = false;
runner.clearReporters();
const results = new Results();
runner.addReporter({ specDone: result => results.specDone(result) });
await runner.execute(undefined, regex === undefined ? undefined : new RegExp(regex));
const text = json ? JSON.stringify(results) : [
  ...results.failed.map(([name, message]) => `FAILED ${name}\n  ${message}`),
  summary(results, `${globalThis.lanewiseTier}, Node ${process.versions.node}`),
].join('\n');
process.stdout.write(`${text}\n`, () => process.exit(results.failed.length ? 1 : 0));
