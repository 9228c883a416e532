/* SPDX-License-Identifier: MIT */
// Builds js/dist: the WebAssembly files, the bundles (ES modules and CommonJS), their types, and the licences of other
// packages' code inside of the bundles.
//
// The C side must be built first (scripts/build does all). LANEWISE_WASM_DIR names the folder with the WebAssembly
// files and layout.js; by default ../build/wasm/dispatch.
import { execFileSync } from 'node:child_process';
import {
  cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';
import { thirdPartyLicenses } from './licenses.mjs';

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
  // To TypeScript a module is what the package.json above its types says: require needs types of its own.
  cpSync(join(fresh, 'types'), join(fresh, 'types-cjs'), { recursive: true });
  writeFileSync(join(fresh, 'types-cjs/package.json'), '{ "type": "commonjs" }\n');

  // What goes into the bundles: each file's path.
  const bundled = new Set();
  const build = async options => {
    const { metafile } = await esbuild({ ...options, absWorkingDir: root, metafile: true });
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput) bundled.add(join(root, path));
    }
  };

  // 3. Bundles. Entries share their code: all imports of the package must see the same classes and settings.
  const shared = {
    bundle: true,
    target: ['es2020', 'node14'],
    platform: 'neutral',
    external: ['@tensorflow/tfjs-core'],
    outdir: fresh,
    sourcemap: true, // with the sources inside: the package doesn't have them as files
    logLevel: 'warning',
    banner: { js: '// SPDX-License-Identifier: MIT' },
  };
  const entries = { index: 'src/index.ts', backend: 'src/backend.ts', runtime: 'src/runtime/index.ts' };
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)]));
  await build({ ...shared, entryPoints, format: 'esm', splitting: true });
  // esbuild splits only ES modules, so the CommonJS files are such ones first, and then translated one by one.
  await build({
    ...shared, entryPoints, format: 'esm', splitting: true, outExtension: { '.js': '.cjs' },
    plugins: [{
      name: 'platform',
      setup(b) {
        b.onResolve({ filter: /\/platform\.js$/ }, () => ({ path: join(root, 'src/runtime/platform-cjs.ts') }));
      },
    }],
  });
  await build({
    ...shared, bundle: false, external: undefined, format: 'cjs', outExtension: { '.js': '.cjs' }, allowOverwrite: true,
    entryPoints: readdirSync(fresh).filter(file => file.endsWith('.cjs')).map(file => join(fresh, file)),
  });

  writeFileSync(join(fresh, 'THIRD_PARTY_LICENSES'), thirdPartyLicenses(bundled));

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
