/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the matrix share: the packed package in a fresh project, a browser to look at pages with, and what a
 * run must have printed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { chromium } from 'playwright-core';
import { PROBE } from '../probe.mjs';
import { classify } from './fixtures/program.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package's name, and the one of the official package, whose place it can take. */
export const NAME = 'lanewise', OFFICIAL = '@tensorflow/tfjs-backend-wasm';
export const TIERS = ['scalar', 'simd128', 'relaxed'];
export const FILES = TIERS.map(tier => `lanewise-${tier}.wasm`);

/**
 * A folder for fresh projects: { folder, project, remove }. Beside them lies TensorFlow.js, copied and not linked, so
 * that nothing finds its way into js/node_modules.
 *
 * project(name, files, names) makes a project: the packed package in its own node_modules, as `npm install` leaves it,
 * under the names given; the fixtures' program and probe; and the files given (path to text).
 */
export function workshop(name) {
  const folder = mkdtempSync(join(tmpdir(), `lanewise-${name}-`));
  // Without the prepack script: it would replace dist under other tests' feet.
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination',
    folder], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const core = '@tensorflow/tfjs-core', from = join(root, 'node_modules');
  cpSync(join(from, core), join(folder, 'node_modules', core), {
    recursive: true, filter: path => statSync(path).isDirectory() || /(?<!_test)\.js$|package\.json$/.test(path),
  });
  const { dependencies } = JSON.parse(readFileSync(join(from, core, 'package.json'), 'utf8'));
  for (const other of Object.keys(dependencies).filter(key => !key.startsWith('@'))) {
    cpSync(join(from, other), join(folder, 'node_modules', other), { recursive: true });
  }
  // Polyfills that Parcel wants for TensorFlow.js, and what they need.
  for (const other of ['process', 'buffer', 'base64-js', 'ieee754']) {
    cpSync(installed(other), join(folder, 'node_modules', other), { recursive: true });
  }
  const project = (path, files = {}, names = [NAME]) => {
    const own = join(folder, path);
    for (const packageName of names) {
      const target = join(own, 'node_modules', packageName);
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['xzf', join(folder, filename), '-C', target, '--strip-components=1']);
    }
    write(own, {
      'package.json': '{ "private": true, "type": "module" }\n', 'package-lock.json': '{}\n',
      'probe.js': `export const best = ${PROBE};\n`, 'program.js': fixture('program.js'), ...files,
    });
    return own;
  };
  return { folder, project, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A fixture's text, with PACKAGE replaced by the name under which it shall import the package. */
export function fixture(file, name = NAME) {
  return readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8').replaceAll('PACKAGE', name);
}

export function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Copies the WebAssembly files of a project's package; returns where they were. */
export function copyWasm(project, to, name = NAME) {
  const originals = FILES.map(file => join(project, 'node_modules', name, 'dist', file));
  mkdirSync(to, { recursive: true });
  for (const file of originals) copyFileSync(file, join(to, basename(file)));
  return originals;
}

/** All files below a folder. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}

/** What the network of fixtures/program.js must give: the cpu backend's answer. */
async function reference() {
  await tf.setBackend('cpu');
  return classify(tf);
}
const expected = await reference();

export function assertRight(outcome, tier = outcome.best) {
  assert.equal(outcome.error, undefined);
  assert.equal(outcome.started, true, JSON.stringify(outcome));
  assert.ok(TIERS.includes(outcome.best), outcome.best);
  assert.equal(outcome.tier, tier);
  assert.equal(outcome.values.length, expected.length);
  assert.ok(new Set(expected).size === expected.length && Math.max(...expected) < 0.9, 'the network tells inputs apart');
  outcome.values.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) <= 1e-6, `probability ${i}: ${value}, expected ${expected[i]}`);
  });
}

/** Headless Chromium: { visit, close }. LANEWISE_CHROMIUM says where it is; one that is missing is a failure. */
export async function browse(folder) {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(folder, 'chromium-')), {
    executablePath: process.env.LANEWISE_CHROMIUM ?? '/usr/bin/chromium', headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  return { visit: (url, options) => visit(context, url, options), close: () => context.close() };
}

/*
 * Opens a page and waits until it has printed `count` outcomes: { outcomes, warnings, problems, requests }. Console
 * lines and not page.evaluate, which a page's content security policy may forbid. problems are errors of the page: what
 * it threw, the console's errors (a policy's too). requests are the URLs that it asked for.
 */
async function visit(context, url, { count = 1, timeout = 60_000 } = {}) {
  const page = await context.newPage();
  const outcomes = [], warnings = [], problems = [], requests = [];
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${url}: ${outcomes.length} of ${count} outcomes after ` +
        `${timeout / 1000} s. ${[...problems, ...warnings].join('\n')}`)), timeout);
      page.on('close', () => clearTimeout(timer));
      page.on('console', entry => {
        const text = entry.text();
        if (text.startsWith('outcome ')) {
          outcomes.push(JSON.parse(text.slice('outcome '.length)));
          if (outcomes.length === count) resolve();
        } else if (entry.type() === 'error') problems.push(text);
        else warnings.push(text);
      });
      page.on('pageerror', error => problems.push(String(error.stack ?? error)));
      page.on('request', request => requests.push(request.url()));
      page.goto(url).catch(reject);
    });
  } finally {
    await page.close();
  }
  return { outcomes, warnings, problems, requests };
}

/** What a page says when a file isn't there: its URL, the status, and the cure. */
export function assertClear(seen, url, problem = 'HTTP status 404') {
  assert.ok(seen.outcomes.every(outcome => outcome.started === false), JSON.stringify(seen.outcomes));
  const text = seen.warnings.join('\n'), line = text.split('\n').find(words => words.includes(problem));
  assert.ok(line?.includes(url) && line.includes('setWasmPaths'), `'${problem}' of ${url} in: ${text}`);
}

/** Packages of js/test/matrix, which scripts/setup installs. */
export const installed = name => join(root, 'test/matrix/node_modules', name);
export const isInstalled = name => existsSync(installed(name));
