/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the matrix share: the packed package in fresh projects, a browser to look at pages with, and what
 * runs must give.
 */
import assert from 'node:assert/strict';
import {
  copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM } from '../../browser/chromium.mjs';
import { FIREFOX } from '../../browser/firefox.mjs';
import { pack, unpack } from '../packed.mjs';
import { PROBE } from '../probe.mjs';
import { classify } from './fixtures/program.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package's name, and the one of the official package, whose place it can take. */
export const NAME = 'lanewise', OFFICIAL = '@tensorflow/tfjs-backend-wasm';
const TIERS = ['scalar', 'simd128', 'relaxed'];
/** What a server or a bundle must have of the package. */
export const FILES = ['lanewise-scalar.wasm', 'lanewise-simd128.wasm', 'lanewise-relaxed.wasm',
  'lanewise-simd128-threads.wasm', 'lanewise-relaxed-threads.wasm', 'lanewise-worker.js'];

/**
 * A folder for fresh projects: { folder, project, remove }. Beside them lies TensorFlow.js, copied and not linked, so
 * that nothing finds its way into js/node_modules.
 *
 * project(name, files, names) makes a project: the packed package in its own node_modules, as `npm install` leaves it,
 * under the names given; the fixtures' program and probe; and the files given (path to text).
 */
export function workshop(name) {
  const folder = mkdtempSync(join(tmpdir(), `lanewise-${name}-`));
  const { archive } = pack(folder);
  const core = '@tensorflow/tfjs-core', from = join(root, 'node_modules');
  cpSync(join(from, core), join(folder, 'node_modules', core), {
    recursive: true, filter: path => statSync(path).isDirectory() || /(?<!_test)\.js$|package\.json$/.test(path),
  });
  const others = ['long', 'node-fetch', 'seedrandom', 'tr46', 'webidl-conversions', 'whatwg-url']; // that it needs
  for (const other of others) cpSync(join(from, other), join(folder, 'node_modules', other), { recursive: true });
  // Polyfills that Parcel wants for TensorFlow.js, and what they need.
  for (const other of ['process', 'buffer', 'base64-js', 'ieee754']) {
    cpSync(installed(other), join(folder, 'node_modules', other), { recursive: true });
  }
  const project = (path, files = {}, names = [NAME]) => {
    const own = join(folder, path);
    names.forEach(packageName => unpack(archive, own, packageName));
    write(own, {
      'package.json': '{ "private": true, "type": "module" }\n', 'package-lock.json': '{}\n',
      'probe.js': `export const best = ${PROBE};\n`, 'program.js': fixture('program.js'),
      'start.js': fixture('start.js'), ...files,
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

/** The WebAssembly file that two threads load, or one. */
export const fileFor = (tier, threads) => `lanewise-${tier}${threads > 1 ? '-threads' : ''}.wasm`;

/** Copies the files of a project's package; returns where they were. */
export function copyFiles(project, to, name = NAME) {
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
assert.ok(new Set(expected).size === expected.length && Math.max(...expected) < 0.9, 'the network tells inputs apart');

/** What a page is told that gets one thread of the two that it asks for. */
export const NOT_ISOLATED = new RegExp('^lanewise: one thread runs in place of 2, because this page is not cross-origin ' +
  'isolated and .*"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"');
export const NO_MEMORY = /^lanewise: one thread runs in place of 2, because this engine lends no shared memory$/;
export const NO_WORKERS = /^lanewise: one thread runs in place of 2, because nothing can start workers here/;

/**
 * The backend started with the best tier of the engine, gave the right answer, and nothing was warned or refused. Two
 * threads worked where the tier has some; or one, and one line said why.
 */
export function assertRight(outcome, why) {
  assert.equal(outcome.started, true, JSON.stringify(outcome));
  assert.deepEqual([outcome.error, outcome.warnings, outcome.refused], [undefined, [], []]);
  assert.ok(TIERS.includes(outcome.best), outcome.best);
  assert.equal(outcome.tier, outcome.best);
  assert.equal(outcome.values.length, expected.length);
  outcome.values.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) <= 1e-6, `probability ${i}: ${value}, expected ${expected[i]}`);
  });
  const { threads, joined, shared, told } = outcome, count = why || outcome.tier === 'scalar' ? 1 : 2;
  assert.deepEqual({ threads, joined, shared }, { threads: count, joined: count, shared: count === 2 });
  assert.equal(outcome.same, true, 'two threads give the same bits as one');
  assert.equal(told.length, why ? 1 : 0, told.join('\n'));
  if (why) assert.match(told[0], why);
}

/**
 * Headless Chromium: { visit, extension, close }. One that is missing is a failure. extension: the folder of one to
 * load, and then the URL of its files.
 */
export async function browse(folder, { extension } = {}) {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(folder, 'chromium-')), extension ? {
    ...CHROMIUM, ignoreDefaultArgs: ['--disable-extensions'],
    args: [...CHROMIUM.args, `--disable-extensions-except=${extension}`, `--load-extension=${extension}`],
  } : CHROMIUM);
  const started = extension && (context.serviceWorkers()[0] ?? await context.waitForEvent('serviceworker'));
  return {
    visit: (url, options) => visit(context, url, options), close: () => context.close(),
    extension: started && new URL('/', started.url()).href,
  };
}

/** Headless Firefox: { visit, close }. */
export async function browseFirefox(folder) {
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath: FIREFOX, headless: true,
    userDataDir: mkdtempSync(join(folder, 'firefox-')),
  });
  return { visit: (url, options) => visit(browser, url, options), close: () => browser.close() };
}

/*
 * Opens a page and waits until it has printed `count` outcomes: { outcomes, problems }. Console lines and not
 * page.evaluate, which a page's content security policy may forbid. problems: what the page threw, and the console's
 * errors.
 */
async function visit(browser, url, { count = 1, timeout = 60_000 } = {}) {
  const page = await browser.newPage();
  const outcomes = [], problems = [];
  let timer;
  try {
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${url}: ${outcomes.length} of ${count} outcomes after ` +
        `${timeout / 1000} s. ${problems.join('\n')}`)), timeout);
      page.on('console', entry => {
        const text = entry.text();
        if (entry.type() === 'error') problems.push(text);
        if (!text.startsWith('outcome ')) return;
        outcomes.push(JSON.parse(text.slice('outcome '.length)));
        if (outcomes.length === count) resolve();
      });
      page.on('pageerror', error => problems.push(String(error.stack ?? error)));
      page.goto(url).catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await page.close();
  }
  return { outcomes, problems };
}

/** A file isn't there: the backend didn't start, and a warning names the file, the problem and the cure. */
export function assertClear({ started, warnings }, url, problem = 'HTTP status 404') {
  assert.equal(started, false);
  const text = warnings.join('\n'), parts = [problem, url, 'setWasmPaths'];
  assert.ok(text.split('\n').some(line => parts.every(part => line.includes(part))), `'${problem}' of ${url} in: ${text}`);
}

/** A package of js/test/matrix; scripts/setup installs them. */
export const installed = name => join(root, 'test/matrix/node_modules', name);
