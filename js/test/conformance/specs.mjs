/* SPDX-License-Identifier: MIT */
/* The specs that @tensorflow/tfjs-core ships compiled, as one file for Node or for a page. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Jasmine's functions must be global when the bundle is loaded, and globalThis.lanewiseTier name a tier;
 * lanewiseBallast is a number of bytes that are taken before the specs run. A page finds the wasm files beside itself.
 */
export async function buildSpecs(outfile, platform = 'node') {
  const wasmPaths = platform === 'node' ? join(root, 'dist') : './';
  const require = createRequire(join(root, 'package.json'));
  await build({
    stdin: {
      resolveDir: root,
      contents: `
        import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
        import '@tensorflow/tfjs-core/dist/register_all_gradients';
        import '@tensorflow/tfjs-backend-cpu';
        import { backend, setBackend } from '@tensorflow/tfjs-core';
        import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
        import { registerBackend } from 'lanewise/backend';
        registerBackend('tested', { tier: globalThis.lanewiseTier, wasmPaths: ${JSON.stringify(wasmPaths)} });
        setTestEnvs([{ name: 'tested', backendName: 'tested', flags: {}, isDataSync: true }]);
        if (!await setBackend('tested')) throw new Error('the backend does not start');
        globalThis.lanewiseThreads = backend().module.threads?.count ?? 1;
        if (globalThis.lanewiseBallast) backend().heap.allocate(globalThis.lanewiseBallast);
        await import('@tensorflow/tfjs-core/dist/tests');`,
    },
    bundle: true,
    format: 'esm',
    platform,
    mainFields: platform === 'node' ? ['module', 'main'] : ['browser', 'module', 'main'],
    ignoreAnnotations: true, // TensorFlow.js says that its specs have no side effects
    outfile,
    logLevel: 'error',
    ...platform === 'node' ? {
      banner: {
        js: `import { createRequire } from 'node:module';
          const require = createRequire(${JSON.stringify(pathToFileURL(require.resolve('./package.json')).href)});`,
      },
    } : { external: ['worker_threads', 'fs', 'path', 'util', 'string_decoder', 'crypto'] },
  });
}

/** Collects what Jasmine reports. */
export class Results {
  specs = 0;
  pending = 0;
  /** [full name, messages] of each failed spec. */
  failed = [];

  specDone({ status, fullName, failedExpectations }) {
    if (status === 'excluded') return; // by the filter of a run by hand
    this.specs++;
    if (status === 'pending') this.pending++;
    if (status === 'failed') this.failed.push([fullName, failedExpectations.map(({ message }) => message).join('\n')]);
  }
}

/** One line as Jasmine writes it; scripts/test adds these up. */
export function summary({ specs, failed, pending }, where) {
  return `${specs} specs, ${failed.length} failures, ${pending} pending (TensorFlow.js's own, ${where})`;
}
