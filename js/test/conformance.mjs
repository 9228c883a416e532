/* SPDX-License-Identifier: MIT */
/*
 * Runs TensorFlow.js's own specs, which it ships compiled, on the tier that the first argument names, and prints the
 * results as one line of JSON. The second argument is the specs' bundle (conformance.test.mjs makes it).
 */
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';

const Jasmine = createRequire(import.meta.url)('jasmine');
const [tier, bundle] = process.argv.slice(2);
globalThis.lanewiseTier = tier;
console.log = console.warn = () => {}; // the specs are talkative

const runner = new Jasmine({ projectBaseDir: dirname(bundle) });
runner.loadConfig({ random: false, spec_dir: '.', spec_files: [basename(bundle)] });
runner.exitOnCompletion = false;
runner.clearReporters();
const results = { passed: 0, failed: [] };
runner.addReporter({
  specDone({ status, fullName, failedExpectations }) {
    if (status === 'passed') results.passed++;
    if (status === 'failed') {
      results.failed.push([fullName, failedExpectations.map(({ message }) => message).join('\n')]);
    }
  },
});
await runner.execute();
process.stdout.write(JSON.stringify(results), () => process.exit(0));
