/* SPDX-License-Identifier: MIT */
// npm run test:programs: runs programs from npm on the built package, and the published models that take the cpu
// backend long, with Node 26 where it is installed; the two at once. docs/programs.md tells what they are.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
for (const [path, cure] of [['dist/index.js', 'npm run build'], ['test/programs/node_modules', 'scripts/setup']]) {
  if (existsSync(join(root, path))) continue;
  console.error(`js/${path} is missing: run \`${cure}\` first`);
  process.exit(1);
}
const node26 = join(root, 'node_modules/node26/bin/node');
const files = ['test/programs/programs.test.mjs', 'test/models/all.test.mjs'];
const { status } = spawnSync(existsSync(node26) ? node26 : process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
