/* SPDX-License-Identifier: MIT */
/*
 * Programs from npm (programs.mjs), run by their own code on Lanewise in the place of the official backend, say what
 * they say on the cpu backend: in Node 26 (relaxed SIMD) and Node 20 (SIMD), each run in a process of its own.
 *
 * Numbers may differ by TOLERANCE of the largest of their kind in the result; a program that rounds what it says may
 * differ by one step where a number lies on the border, once in a thousand; texts must be equal. That this notices what
 * is wrong is tested too: a picture that is 1 % darker must be told from the right one.
 *
 * LANEWISE_OFFICIAL=1 also runs the official backend, and all of them more often, for the table in docs/programs.md.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deserialize } from 'node:v8';
import { compare } from './compare.mjs';
import { PROGRAMS } from './programs.mjs';

/* 2^-24 times 840: what the derivation in test/models/catalogue.mjs gives models of the middle size. */
const TOLERANCE = 5e-5;
const ROUNDED_SHARE = 1e-3;
const RUNS = process.env.LANEWISE_OFFICIAL ? '8' : '1';

const here = dirname(fileURLToPath(import.meta.url));
const js = join(here, '../..');
const node = (version) => {
  const path = join(js, `node_modules/node${version}/bin/node`);
  return existsSync(path) ? path : null;
};
const newest = node(26) ?? process.execPath;
const folder = mkdtempSync(join(tmpdir(), 'lanewise-programs-'));

/* As `npm install @tensorflow/tfjs-backend-wasm@file:lanewise.tgz` does it. */
function installBackend() {
  const target = join(here, 'node_modules/@tensorflow/tfjs-backend-wasm');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  // Without the prepack script: it would replace dist under other tests' feet.
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination',
    folder], { cwd: js, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  execFileSync('tar', ['xzf', join(folder, filename), '-C', target, '--strip-components=1']);
}

let count = 0;

/* Runs run.mjs; see there. */
function run(program, backend, executable, ...options) {
  const file = join(folder, `result-${count++}`);
  const child = spawn(executable, ['run.mjs', program.name, backend, file, ...options],
    { cwd: here, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  return new Promise((resolve, reject) => {
    child.on('close', (status) => {
      if (status === 0) resolve(deserialize(readFileSync(file)));
      else reject(new Error(`${program.name} on ${backend} ended with status ${status}:\n${said.trim().slice(-2000)}`));
    });
  });
}

const lines = [];

async function check(t, program) {
  const cpu = await run(program, 'cpu', newest);
  await t.test('the cpu backend finds something', () => program.least(cpu.result));
  const tolerance = (path, scale) => TOLERANCE * (program.amplification?.(path) ?? 1) * scale;
  /* Outputs with more elements over the tolerance than rounding explains. */
  const wrong = (rows) => rows.filter(({ path, over, count, difference }) => {
    const step = program.step?.(path) ?? 0;
    return over > 0 && !(step && difference <= step * 1.001 && over <= count * ROUNDED_SHARE);
  });

  let rows, times = '';
  for (const [version, tier] of [[26, 'relaxed'], [20, 'simd128']]) {
    const executable = node(version);
    if (!executable) {
      await t.test(`Node ${version}`, { skip: 'not installed' });
      continue;
    }
    await t.test(`Node ${version}`, async () => {
      const found = await run(program, 'lanewise', executable, ...version === 26 ? ['--more', RUNS] : []);
      assert.equal(found.tier, tier);
      assert.deepEqual(found.fetched, cpu.fetched, 'the same models');
      const compared = compare(found.result, cpu.result, tolerance);
      assert.deepEqual(wrong(compared), []);
      if (version !== 26) return;
      rows = compared;
      times = `${found.first.toFixed(0)} ms, then ${found.best.toFixed(0)} ms`;
      assert.equal(found.leaked, 0, 'tensors left by further runs');
      assert.ok(wrong(compare(found.off, cpu.result, tolerance)).length, 'a darker picture is noticed');
    });
  }
  let official = '';
  if (process.env.LANEWISE_OFFICIAL) {
    try {
      const found = await run(program, 'official', newest, '--more', RUNS);
      const bad = wrong(compare(found.result, cpu.result, tolerance));
      official = `; official ${found.first.toFixed(0)} ms, then ${found.best.toFixed(0)} ms${
        bad.length ? `, WRONG: ${bad.map(({ path }) => path).join(', ')}` : ''}`;
    } catch (error) {
      official = `; official: ${error.message.match(/^\w*Error: .*/m)?.[0] ?? error.message}`;
    }
  }
  lines.push(`${program.name} (${program.packages.join(', ')}; ${program.weights} weights): cpu ${
    cpu.first.toFixed(0)} ms, Lanewise ${times}${official}`);
  for (const { path, count, scale, tolerance: limit, difference, over } of rows ?? []) {
    if (scale === 0) continue; // texts and zeros, which are equal
    const allowed = program.step?.(path) ? `in ${over} of ${count}, rounded to ${program.step(path)}`
      : `tolerance ${limit.toExponential(1)}`;
    lines.push(`    ${path || 'result'}: ${difference.toExponential(1)}, ${allowed}`);
  }
}

before(installBackend);
after(() => {
  rmSync(folder, { recursive: true, force: true });
  console.log(['', 'program: first run on cpu; first and best of further runs on Lanewise, Node 26',
    '    output: largest difference from cpu', ...lines].join('\n'));
});

test('programs', { concurrency: 2 }, async (t) => {
  await Promise.all(PROGRAMS.map((program) => t.test(program.name, (inner) => check(inner, program))));
});
