/* SPDX-License-Identifier: MIT */
// Builds js/dist: the WebAssembly files, the bundles (ES modules and CommonJS) and their types.
//
// The C side must be built first (scripts/build does all). LANEWISE_WASM_DIR names the folder with the WebAssembly
// files and layout.js; by default ../build/wasm/dispatch.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wasm = process.env.LANEWISE_WASM_DIR ?? join(root, '../build/wasm/dispatch');
const layout = join(wasm, 'layout.js');
if (!existsSync(layout)) {
  console.error(`${layout} is missing: build the C library for wasm first (scripts/build)`);
  process.exit(1);
}

// 1. What C knows: enums and offsets.
const generated = join(root, 'src/generated');
mkdirSync(generated, { recursive: true });
writeFileSync(join(generated, 'layout.ts'), execFileSync(process.execPath, [layout]));

// 2. Types; this checks the sources too. Made beside dist, which is replaced as a whole at the end.
const dist = join(root, 'dist');
const fresh = join(root, `dist.${process.pid}`);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
try {
  execFileSync(process.execPath, [tsc, '-p', root, '--outDir', join(fresh, 'types')], { stdio: 'inherit' });

  // 3. Bundles.
  const shared = {
    bundle: true,
    target: ['es2020', 'node14'],
    platform: 'neutral',
    external: ['@tensorflow/tfjs-core'],
    outdir: fresh,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    banner: { js: '// SPDX-License-Identifier: MIT' },
  };
  const entries = { index: 'src/index.ts', backend: 'src/backend.ts', runtime: 'src/runtime/index.ts' };
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)]));
  // Entries share their code: two imports of the package must see the same backends and settings.
  await build({ ...shared, entryPoints, format: 'esm', splitting: true });
  await build({
    ...shared, entryPoints, format: 'cjs', outExtension: { '.js': '.cjs' },
    plugins: [{
      name: 'platform',
      setup(b) {
        b.onResolve({ filter: /\/platform\.js$/ }, () => ({ path: join(root, 'src/runtime/platform-cjs.ts') }));
      },
    }],
  });

  // 4. WebAssembly.
  for (const tier of ['scalar', 'simd128', 'relaxed']) {
    writeFileSync(join(fresh, `lanewise-${tier}.wasm`), readFileSync(join(wasm, `lanewise-${tier}.wasm`)));
  }
  // npm packs a licence only from this folder.
  writeFileSync(join(root, 'LICENSE'), readFileSync(join(root, '../LICENSE')));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  if (error.status === undefined) throw error;
  process.exit(1);
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
console.log(`lanewise ${version} is in ${dist}`);
