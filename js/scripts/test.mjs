/* SPDX-License-Identifier: MIT */
// npm test [-- NAME...]: runs test/*.test.mjs, or those whose names begin with NAME, with Node 26 (relaxed SIMD) and
// Node 20 (SIMD), then test/node14.mjs with Node 14 (neither). Prints failures as they come and the counts of each run.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (!existsSync(join(root, 'dist/index.js'))) {
  console.error('js/dist is missing: run `npm run build` first');
  process.exit(1);
}

const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'test')).filter(file => file.endsWith('.test.mjs'))
  .filter(file => wanted.length === 0 || wanted.some(name => file.startsWith(name)))
  .map(file => join('test', file));

/** Jasmine's counts, which a test prints as its diagnostic: they are shown, and counted, as lines of their own. */
const SPECS = /^# (\d+ specs, .*)/;

/** Runs a program and hands its output on line by line; the promise is for its exit code. */
function run(program, args, keep) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', line => {
    if (keep(line)) console.log(line.replace(SPECS, '$1'));
  });
  return new Promise(resolve => child.on('close', resolve));
}

/** Keeps failures, with all that TAP says about them, and the counts. */
function failures() {
  let failed = false;
  return line => {
    if (/^\s*(not )?ok /.test(line)) failed = /^\s*not ok /.test(line);
    if (/^\s*# Subtest/.test(line)) failed = false;
    return failed || /^# (tests|pass|fail|cancelled|skipped|todo) \d/.test(line) || SPECS.test(line);
  };
}

let status = 0;
for (const version of ['26', '20']) {
  const node = join(root, `node_modules/node${version}/bin/node`);
  if (!existsSync(node)) {
    console.log(`Node ${version} is not installed (it is optional, for Linux on x86-64): its run is left out`);
    continue;
  }
  console.log(`Node ${version}:`);
  if (await run(node, ['--test', '--test-reporter=tap', ...files], failures()) !== 0) status = 1;
}
const node14 = join(root, 'node_modules/node14/bin/node');
if (existsSync(node14) && wanted.length === 0) {
  console.log('Node 14:');
  if (await run(node14, ['test/node14.mjs'], line => !line.startsWith('ok ')) !== 0) status = 1;
}
process.exit(status);
