/* SPDX-License-Identifier: MIT */
/* The packed package under Node, Bun and Deno, as ES module and as CommonJS, under its own name and the official one's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertRight, copyWasm, fixture, installed, NAME, OFFICIAL, root, workshop } from './support.mjs';

/* The program and its arguments, and the tier that must run where we know it. A new engine may have more. */
const node = version => join(root, `node_modules/node${version}/bin/node`);
const RUNTIMES = {
  'Node 26': { program: node(26), tier: 'relaxed' },
  'Node 20': { program: node(20), tier: 'simd128' },
  'Node 14': { program: node(14), tier: 'scalar' },
  Bun: { program: installed('@oven/bun-linux-x64/bin/bun'), args: ['run', '--no-install'] },
  Deno: { program: installed('@deno/linux-x64-glibc/deno'), args: ['run', '--no-remote', '--allow-all'], tier: 'relaxed' },
};

let shop;
before(() => {
  shop = workshop('runtimes');
});
after(() => shop?.remove());

/* Runs a program to its end: its outcome and all that it said. */
async function start({ program, args = [] }, project, ...more) {
  const child = spawn(program, [...args, ...more], {
    cwd: project, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000,
    env: { ...process.env, DENO_DIR: join(shop.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', data => { said[stream] += data; });
  const status = await new Promise((resolve, reject) => { child.on('error', reject).on('close', resolve); });
  const text = said.stdout + said.stderr, line = /^outcome (.*)$/m.exec(said.stdout);
  assert.ok(status === 0 && line, `status ${status}: ${text}`);
  return { outcome: JSON.parse(line[1]), text };
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
      const { outcome: { tier, best, ...plain } } = await start(runtime, project, file);
      assertRight({ tier, best, ...plain });
      if (runtime.tier) assert.equal(tier, runtime.tier);
      t.diagnostic(`${runtimeName}: ${tier}`);

      const wasm = copyWasm(project, join(project, 'copied'), packageName);
      const refuses = async (path, ...args) => {
        const { outcome, text } = await start(runtime, project, file, ...args);
        assert.equal(outcome.started, false);
        const line = text.split('\n').find(words => words.includes("can't read"));
        assert.ok(line?.includes(`${path}lanewise-${tier}.wasm`) && line.includes('setWasmPaths'), text);
      };
      await refuses('nowhere/', 'nowhere/');
      wasm.forEach(original => rmSync(original));
      await refuses(`${packageName}/dist/`);
      assertRight((await start(runtime, project, file, 'copied/')).outcome);
    });
  }
}
