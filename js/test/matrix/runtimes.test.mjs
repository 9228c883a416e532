/* SPDX-License-Identifier: MIT */
/* The packed package under Node, Bun and Deno: as ES module and CommonJS, by its own name and the official one's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NODE_BUNDLERS } from './bundlers.mjs';
import {
  assertClear, assertRight, copyFiles, fileFor, fixture, installed, NAME, NO_MEMORY, OFFICIAL, root, workshop,
} from './support.mjs';

/* The program and its arguments, the tier that must run where we know it (a new engine may have more), and the line that
 * says why there is one thread, where there is. */
const node = version => join(root, `node_modules/node${version}/bin/node`);
const RUNTIMES = {
  'Node 26': { program: node(26), tier: 'relaxed' },
  'Node 20': { program: node(20), tier: 'simd128' },
  'Node 14': { program: node(14), tier: 'scalar', why: NO_MEMORY },
  Bun: { program: installed('@oven/bun-linux-x64/bin/bun'), args: ['run', '--no-install'] },
  Deno: {
    program: installed('@deno/linux-x64-glibc/deno'), args: ['run', '--no-remote', '--allow-all'], tier: 'relaxed',
  },
};

let shop;
before(() => {
  shop = workshop('runtimes');
});
after(() => shop?.remove());

/* Runs a program to its end; returns its outcome. */
async function start({ program, args = [] }, project, ...more) {
  const child = spawn(program, [...args, ...more], {
    cwd: project, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000,
    env: { ...process.env, DENO_DIR: join(shop.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
  });
  let said = '';
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', data => { said += data; });
  const status = await new Promise((resolve, reject) => { child.on('error', reject).on('close', resolve); });
  const line = /^outcome (.*)$/m.exec(said);
  assert.ok(status === 0 && line, `status ${status}: ${said}`);
  return JSON.parse(line[1]);
}

const PROGRAMS = {
  'ES module': ['main.mjs', NAME], CommonJS: ['main.cjs', NAME],
  "ES module, the official package's name": ['main.mjs', OFFICIAL],
  "CommonJS, the official package's name": ['main.cjs', OFFICIAL],
};

for (const [runtimeName, runtime] of Object.entries(RUNTIMES)) {
  // npm leaves Bun, Deno and these Nodes out on other systems.
  const skip = existsSync(runtime.program) ? false : `${runtimeName} is not installed: it is optional`;

  for (const [title, [file, packageName]] of Object.entries(PROGRAMS)) {
    test(`${runtimeName}: ${title}`, { skip }, async t => {
      const project = shop.project(`${runtimeName}, ${title}`, { [file]: fixture(file, packageName) }, [packageName]);
      const outcome = await start(runtime, project, file), { tier } = outcome;
      assertRight(outcome, runtime.why);
      if (runtime.tier) assert.equal(tier, runtime.tier);
      t.diagnostic(`${runtimeName}: ${tier}`);

      const wasm = copyFiles(project, join(project, 'copied'), packageName);
      const refuses = async (path, ...args) => {
        assertClear(await start(runtime, project, file, ...args), `${path}${fileFor(tier, 1)}`, "can't read");
      };
      await refuses('nowhere/', 'nowhere/');
      wasm.forEach(original => rmSync(original));
      await refuses(`${packageName}/dist/`);
      assertRight(await start(runtime, project, file, 'copied/'), runtime.why);
    });
  }
}

for (const [bundler, { carries, build }] of Object.entries(NODE_BUNDLERS)) {
  test(`Node: a bundle made by ${bundler}`, async t => {
    const files = { 'main.mjs': fixture('main.mjs'), 'main.cjs': fixture('main.cjs'), 'package.json': '{}' };
    const project = shop.project(`node-${bundler}`, files), out = join(project, 'out');
    const bundle = await build(project, out);
    if (!carries) copyFiles(project, out);
    rmSync(join(project, 'node_modules'), { recursive: true });
    for (const [name, runtime] of Object.entries(RUNTIMES).filter(([key]) => /^Node 2/.test(key))) {
      if (!existsSync(runtime.program)) t.diagnostic(`${name} is not installed`);
      else assertRight(await start(runtime, project, bundle));
    }
  });
}
