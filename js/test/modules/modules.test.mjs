/* SPDX-License-Identifier: MIT */
/*
 * Kernel modules (modules/, include/lanewise/modules.h): programs without SIMD that load them, built by Meson in
 * build/wasm, under Node 14, 20 and 26, in Chromium and in Firefox. Each test asserts the tier that runs: a module that
 * isn't loaded is no error, only slow.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM } from '../../browser/chromium.mjs';
import { serve } from '../../browser/serve.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const built = join(root, 'build/wasm');
const modules = join(built, 'modules');
const folder = mkdtempSync(join(tmpdir(), 'lanewise-modules-'));
const NODES = { 14: 'scalar', 20: 'simd128', 26: 'relaxed' };
const FILES = ['simd128', 'relaxed', 'simd128-threads', 'relaxed-threads'].map(name => `lanewise-kernels-${name}.wasm`);
const node = version => join(root, `js/node_modules/node${version}/bin/node`);

after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Runs a program of build/wasm; returns what it printed, as an object of its `name: value` lines and as text. */
function run(version, program, ...args) {
  let text;
  try {
    text = execFileSync(join(root, 'cross/run-wasm'), [join(built, program), ...args],
      { env: { ...process.env, LANEWISE_NODE: node(version) }, encoding: 'utf8' });
  } catch (error) {
    assert.fail(`${program} ${args}: status ${error.status}: ${error.stdout}${error.stderr}`);
  }
  return read(text);
}
const read = text => ({
  text, ...Object.fromEntries([...text.matchAll(/^(\w+): (.*)$/gm)].map(found => found.slice(1))),
});

const fetched = (folder, ...args) => run(26, 'tests/modules-fetch.js', `${folder}/`, ...args);

/** The products of tests/modules_product.h; scalar and simd128 give the same bits. */
let PRODUCT;
before(() => {
  const scalar = run(14, 'tests/modules-fetch.js', `${modules}/`).product;
  PRODUCT = { scalar, simd128: scalar, relaxed: run(26, 'tests/modules-fetch.js', `${modules}/`).product };
  assert.match(scalar, /^[0-9a-f]{8}$/);
  assert.notEqual(PRODUCT.relaxed, scalar, 'fused sums round differently');
});

function loads(result, tier) {
  assert.equal(result.tier, tier, result.text);
  assert.equal(result.product, PRODUCT[tier]);
}

describe('the files', () => {
  test('import the five things that a program gives them, and export two functions', () => {
    for (const file of FILES) {
      const module = new WebAssembly.Module(readFileSync(join(modules, file)));
      assert.deepEqual(WebAssembly.Module.imports(module).map(({ module, name, kind }) => `${module}.${name} ${kind}`).sort(), [
        'env.__indirect_function_table table', 'env.__memory_base global', 'env.__stack_pointer global',
        'env.__table_base global', 'env.memory memory'], file);
      assert.deepEqual(WebAssembly.Module.exports(module).map(({ name, kind }) => `${name} ${kind}`).sort(),
        ['__wasm_apply_data_relocs function', 'lw_kernel_module function'], file);
    }
  });

  for (const [version, best] of Object.entries(NODES)) {
    test(`Node ${version} accepts the programs, and the modules up to ${best}`, () => {
      const programs = ['modules-fetch', 'modules-rows', 'modules-threads'].map(name => join(built, 'tests', `${name}.wasm`));
      const answer = JSON.parse(execFileSync(node(version), ['-p',
        'JSON.stringify(process.argv.slice(1).map(file => WebAssembly.validate(fs.readFileSync(file))))',
        ...programs, ...FILES.map(file => join(modules, file))], { encoding: 'utf8' }));
      // The one with threads has atomic instructions.
      const simd128 = best !== 'scalar', relaxed = best === 'relaxed';
      assert.deepEqual(answer, [true, true, simd128, simd128, relaxed, simd128, relaxed]);
    });
  }

  test('the probes are those of the dispatcher', async () => {
    const probes = [], { validate } = WebAssembly;
    WebAssembly.validate = bytes => probes.push(Buffer.from(bytes).toString('hex')) && validate(bytes);
    try {
      (await import('lanewise/runtime')).detect();
    } finally {
      WebAssembly.validate = validate;
    }
    const source = readFileSync(join(root, 'modules/lanewise-modules.js'), 'utf8').replace(/'\s*\+ '/g, '');
    const [relaxed, simd128] = Array.from(source.matchAll(/return '(\w+)';/g), found => found[1]);
    assert.deepEqual([simd128, relaxed], probes.slice(0, 2));
  });
});

describe('embedded modules', () => {
  for (const [version, tier] of Object.entries(NODES)) {
    test(`Node ${version} gets ${tier}${tier === 'scalar' ? '' : ': every row of the tests'}`, () => {
      const { text, why } = run(version, 'tests/modules-rows.js', tier);
      if (tier !== 'scalar') return assert.match(text, /^\d{3} passed, 0 failed$/m);
      return assert.equal(why, "relaxed: this engine can't run it; simd128: this engine can't run it");
    });
  }

  test('a tier that is asked for', () => {
    assert.match(run(26, 'tests/modules-rows.js', 'simd128', 'simd128').text, /^\d{3} passed, 0 failed$/m);
    const { why } = run(20, 'tests/modules-rows.js', 'scalar', 'relaxed');
    assert.equal(why, "relaxed: this engine can't run it");
    assert.equal(run(26, 'tests/modules-rows.js', 'scalar', 'avx').why, 'nothing was to be loaded');
  });

  for (const tier of ['simd128', 'relaxed']) {
    test(`${tier}: every row gives the bits of the same kernels linked in`, () => {
      assert.match(run(26, 'tests/modules-same.js', tier, tier).text,
        new RegExp(`compared with the ${tier} kernels linked in\n\\d{3} passed, 0 failed`));
    });
  }

  test('the example', () => {
    for (const [version, tier] of Object.entries(NODES)) {
      assert.match(run(version, 'examples/example-modules.js').text, new RegExp(`^tier ${tier} .*\\nc\\[0\\]\\[0\\] = 65\\.5799,`));
    }
  });
});

describe('fetched modules', () => {
  /** A folder with what `files` says: null for the right file, else its content. */
  function site(name, files) {
    const path = join(folder, name);
    mkdirSync(path);
    for (const [tier, content] of Object.entries(files)) {
      const file = join(path, `lanewise-kernels-${tier}.wasm`);
      if (content === null) copyFileSync(join(modules, `lanewise-kernels-${tier}.wasm`), file);
      else writeFileSync(file, content);
    }
    return path;
  }

  for (const [version, tier] of Object.entries(NODES)) {
    test(`Node ${version} gets ${tier}`, () => {
      loads(run(version, 'tests/modules-fetch.js', `${modules}/`), tier);
    });
  }

  test('a tier that is asked for', () => {
    loads(fetched(modules, 'simd128'), 'simd128');
  });

  test('a table that can grow needs no reserved slots', () => {
    loads(run(26, 'tests/modules-grow.js', `${modules}/`), 'relaxed');
  });

  test('the next tier, when the best is missing', () => {
    const result = fetched(site('simd128-only', { simd128: null }));
    loads(result, 'simd128');
    assert.match(result.why, /^relaxed: .*lanewise-kernels-relaxed\.wasm: ENOENT.*; simd128: loaded from /);
  });

  const bytes = () => readFileSync(join(modules, FILES[1]));
  const without = () => Buffer.from(bytes().toString('latin1').replace('dylink.0', 'dylink.1'), 'latin1');
  for (const [name, content, reason] of [
    ['missing', undefined, /ENOENT/],
    ['truncated', () => bytes().subarray(0, 100_000), /WebAssembly\.compile/],
    ['empty', () => '', /WebAssembly\.compile/],
    ['not WebAssembly', () => '<!doctype html><title>404</title>', /WebAssembly\.compile/],
    ['of no kernels', () => readFileSync(join(built, 'dispatch/lanewise-scalar.wasm')), /it is no kernel module/],
    ['without its sizes', without, /it is no kernel module/],
    ['of another tier', () => readFileSync(join(modules, FILES[0])), /its kernels are simd128/],
    ['for shared memory', () => readFileSync(join(modules, FILES[3])), /shared/],
    ['of another ABI', () => readFileSync(join(built, 'tests/other-abi.wasm')), /built from other sources/],
    ['of another table', () => readFileSync(join(built, 'tests/other-size.wasm')), /built from other sources/],
  ]) {
    test(`scalar, when the module is ${name}`, () => {
      const result = fetched(site(name, content ? { relaxed: content() } : {}), 'relaxed');
      loads(result, 'scalar');
      assert.match(result.why, /^relaxed: .*lanewise-kernels-relaxed\.wasm: /);
      assert.match(result.why, reason);
    });
  }

  test('a module that was refused leaves no slot taken', () => {
    const result = fetched(site('refused', { relaxed: readFileSync(join(built, 'tests/other-abi.wasm')), simd128: null }));
    loads(result, 'simd128');
    assert.match(result.why, /built from other sources.*; simd128: loaded/);
  });

  test('scalar, when there is no room', () => {
    const table = run(26, 'tests/modules-no-room.js', `${modules}/`);
    loads(table, 'scalar');
    assert.match(table.why, /no room for its \d+ functions in the table; link with -sTABLE_BASE=\d+/);
    const memory = fetched(modules, '', 'full');
    loads(memory, 'scalar');
    assert.match(memory.why, /no memory for its data/);
  });
});

describe('threads', () => {
  for (const version of [20, 26]) {
    test(`Node ${version}: each attaches, embedded and fetched`, () => {
      loads(run(version, 'tests/modules-threads.js'), NODES[version]);
      loads(run(version, 'tests/modules-threads.js', `${modules}/`), NODES[version]);
    });
  }
});

const BROWSERS = {
  chromium: () => chromium.launch(CHROMIUM),
  firefox: () => puppeteer.launch({
    browser: 'firefox', executablePath: process.env.LANEWISE_FIREFOX ?? '/usr/bin/firefox-esr', headless: true,
    userDataDir: mkdtempSync(join(folder, 'firefox-')),
  }),
};
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const PAGES = {
  'tests/modules-fetch': ['modules-fetch', 'modules/'], 'tests/modules-threads': ['modules-threads', ''],
  'examples/example-modules': ['example-modules', ''],
};

for (const [name, launch] of Object.entries(BROWSERS)) {
  describe(name, () => {
    let browser, server;
    before(async () => {
      const pages = join(folder, name);
      mkdirSync(join(pages, 'modules'), { recursive: true });
      for (const file of FILES) copyFileSync(join(modules, file), join(pages, 'modules', file));
      writeFileSync(join(pages, 'start.js'), `globalThis.lines = [];
        globalThis.Module = { arguments: new URLSearchParams(location.search).getAll('a'), print: line => lines.push(line),
          printErr: line => lines.push(line), onExit: status => { globalThis.ended = status; } };`);
      for (const [path, [program]] of Object.entries(PAGES)) {
        for (const kind of ['js', 'wasm']) copyFileSync(join(built, `${path}.${kind}`), join(pages, `${program}.${kind}`));
        writeFileSync(join(pages, `${program}.html`), `<!doctype html><meta charset="utf-8"><title>${program}</title>
          <script src="start.js"></script><script src="${program}.js"></script>`);
      }
      server = await serve(pages, { headers: { 'Content-Security-Policy': POLICY } });
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    /** Opens a program's page and waits for its end. */
    async function visit(program, ...args) {
      const page = await browser.newPage();
      try {
        await page.goto(`${server.url}${program}.html?${args.map(arg => `a=${encodeURIComponent(arg)}`).join('&')}`);
        for (const end = Date.now() + 60_000; ;) {
          const { ended, text } = await page.evaluate('({ ended: globalThis.ended, text: lines.join("\\n") })');
          if (ended !== undefined) {
            assert.equal(ended, 0, text);
            return read(text);
          }
          assert.ok(Date.now() < end, `the page does not end: ${text}`);
          await new Promise(resolve => { setTimeout(resolve, 50); });
        }
      } finally {
        await page.close();
      }
    }

    test('embedded: relaxed, at once, in the page', async () => {
      assert.match((await visit('example-modules')).text, /^tier relaxed \(relaxed: loaded\)\nc\[0\]\[0\] = 65\.5799,/);
    });

    test('fetched: relaxed, or what is asked for; scalar, when the server has none', async () => {
      loads(await visit('modules-fetch', 'modules/'), 'relaxed');
      loads(await visit('modules-fetch', 'modules/', 'simd128'), 'simd128');
      const missing = await visit('modules-fetch', 'nowhere/');
      loads(missing, 'scalar');
      assert.match(missing.why, /^relaxed: nowhere\/lanewise-kernels-relaxed\.wasm: .*404/);
    });

    test('threads: each attaches, embedded and fetched', async () => {
      loads(await visit('modules-threads'), 'relaxed');
      loads(await visit('modules-threads', 'modules/'), 'relaxed');
    });
  });
}
