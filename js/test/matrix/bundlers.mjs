/* SPDX-License-Identifier: MIT */
/*
 * Builds a project for production, with each bundler's own defaults and nothing about WebAssembly. A bundler's warning
 * is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** A page without an icon, so that no browser asks for one. */
export const page = body => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${body}\n`;

const MODULE = '<script type="module" src="main.js"></script>';

/*
 * NAME: { carries, build({ project, out, alias, worker, minify }) }. carries: the bundler brings the package's
 * WebAssembly files and its worker along by itself. alias: { from: to }, names of packages. worker: the project has a worker.js; the
 * bundlers that don't follow `new Worker(new URL('./worker.js', import.meta.url))` get it as a second entry. minify:
 * false where a bundler takes most of its time for it.
 */
export const BUNDLERS = {
  Vite: {
    carries: true,
    async build({ project, out, alias }) {
      const { build } = await import('vite');
      writeFileSync(join(project, 'index.html'), page(MODULE));
      const customLogger = logger();
      await build({
        root: project, configFile: false, logLevel: 'warn', customLogger, resolve: { alias },
        build: { outDir: out, chunkSizeWarningLimit: 2000 },
      });
      refuse(customLogger.said.filter(text => !text.includes('PLUGIN_TIMINGS'))); // slow, on a busy machine
    },
  },
  webpack: {
    carries: true,
    async build({ project, out, alias, minify = true }) {
      await webpack({
        context: project, mode: 'production', entry: './main.js', output: { path: out }, resolve: { alias },
        performance: { hints: false }, // TensorFlow.js is larger than webpack likes
        optimization: { minimize: minify },
      });
      writeFileSync(join(out, 'index.html'), page('<script defer src="main.js"></script>'));
    },
  },
  esbuild: {
    carries: false,
    async build({ project, out, alias, worker }) {
      const { build } = await import('esbuild');
      const { warnings } = await build({
        absWorkingDir: project, entryPoints: worker ? ['main.js', 'worker.js'] : ['main.js'], outdir: out, bundle: true,
        minify: true, format: 'esm', splitting: true, alias, logLevel: 'silent',
      });
      refuse(warnings.map(({ text }) => text));
      writeFileSync(join(out, 'index.html'), page(MODULE));
    },
  },
  Rollup: {
    carries: false,
    async build({ project, out, alias, worker }) {
      const { rollup } = await import('rollup');
      const { default: resolve } = await import('@rollup/plugin-node-resolve');
      const { default: commonjs } = await import('@rollup/plugin-commonjs');
      const warnings = [];
      const aliases = {
        name: 'alias', resolveId(id, from) { return alias[id] ? this.resolve(alias[id], from) : null; },
      };
      const bundle = await rollup({
        input: (worker ? ['main.js', 'worker.js'] : ['main.js']).map(file => join(project, file)),
        plugins: [aliases, resolve({ browser: true }), commonjs()], onwarn: ({ message }) => warnings.push(message),
      });
      await bundle.write({ dir: out, format: 'es' });
      await bundle.close();
      refuse(warnings);
      writeFileSync(join(out, 'index.html'), page(MODULE));
    },
  },
  Parcel: {
    carries: true,
    async build({ project, out, alias }) {
      process.env.PARCEL_WORKERS = '0'; // no threads: they outlive the build
      const { Parcel } = require('@parcel/core');
      writeFileSync(join(project, 'index.html'), page(MODULE));
      const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
      writeFileSync(join(project, 'package.json'), JSON.stringify({
        ...manifest, alias,
        '@parcel/resolver-default': { packageExports: true }, // Parcel 2 sees no exports otherwise: lanewise/base
      }));
      const bundler = new Parcel({
        entries: join(project, 'index.html'), defaultConfig: require.resolve('@parcel/config-default'),
        mode: 'production', shouldAutoInstall: false, shouldDisableCache: true, cacheDir: join(project, 'cache'),
        defaultTargetOptions: { distDir: out, shouldOptimize: true },
      });
      await bundler.run();
    },
  },
};

/* The same for programs of Node.js: { carries, build(project, out) }; build returns the bundle's path. */
export const NODE_BUNDLERS = {
  webpack: {
    carries: true,
    async build(project, out) {
      await webpack({
        context: project, mode: 'production', target: 'node20', entry: './main.mjs', output: { path: out },
        optimization: { minimize: false },
      });
      return join(out, 'main.js');
    },
  },
  esbuild: {
    carries: false,
    async build(project, out) {
      const { build } = await import('esbuild');
      const outfile = join(out, 'main.cjs');
      const { warnings } = await build({ absWorkingDir: project, entryPoints: ['main.cjs'], outfile, bundle: true,
        platform: 'node', logLevel: 'silent' });
      refuse(warnings.map(({ text }) => text));
      return outfile;
    },
  },
};

async function webpack(options) {
  const compiler = require('webpack')(options);
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, result) => (error ? reject(error) : resolve(result)));
  });
  await new Promise(resolve => { compiler.close(resolve); });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  refuse([...errors, ...warnings].map(({ message }) => message));
}

function refuse(messages) {
  if (messages.length) throw new Error(messages.join('\n'));
}

/** A logger for Vite that keeps warnings and errors. */
function logger() {
  const said = [], keep = text => said.push(text);
  return { said, info() {}, warn: keep, warnOnce: keep, error: keep, clearScreen() {}, hasErrorLogged: () => false,
    hasWarned: false };
}

/** Vite's development server for a project: { url, close }. */
export async function viteServer(project) {
  const { createServer } = await import('vite');
  writeFileSync(join(project, 'index.html'), page(MODULE));
  const server = await createServer({
    root: project, configFile: false, logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, headers: {
      'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
    } },
  });
  await server.listen();
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}
