/* SPDX-License-Identifier: MIT */
/*
 * The libraries beside TensorFlow.js that the benchmarks compare with. Each gets what TensorFlow.js runs as a graph
 * (see graph.mjs), written in its own format. Where a library's package isn't installed, everything else runs.
 *
 * A peer is { label, name, write, layer, model, toOwn, toOurs }, made by findPeers():
 *   write(graph)           the graph as a file of its format: { bytes, ... }, for layer() and model(). Throws what
 *                          the format lacks.
 *   layer(file, inputs)    async; inputs [{ shape, dtype, data }] as the graph has them. Returns { run(count),
 *                          output(), dispose(), complete }: `run` may be async, and copies nothing in or out.
 *   model(file)            async; a model of one input, loaded. Returns { infer, dispose, complete }: infer(values,
 *                          shape) is async, takes and gives numbers, [{ data, shape }], in the peer's own layout.
 *   toOwn, toOurs          (file, { shape, dtype, data }): a value with its dimensions in the order of the peer's
 *                          layout, or back in ours.
 *   complete               false if some of the operations are run by other kernels than the library's fast ones
 */
import { createRequire } from 'node:module';
import { supports } from 'lanewise/runtime';

const require = createRequire(import.meta.url);

const same = (file, value) => value;

const LIBRARIES = [
  {
    label: 'LiteRT', name: '@litertjs/core', resolve: '@litertjs/core/package.json', needs: 'relaxed',
    async load() {
      const [{ writeTflite }, { loadLiteRt }] = await Promise.all([import('./tflite.mjs'), import('./litert.mjs')]);
      return {
        write: (graph) => ({ bytes: writeTflite(graph) }),
        async layer({ bytes }, inputs) {
          const model = await loadLiteRt(bytes), { dispose, ...calls } = model.prepare(inputs);
          const end = () => {
            dispose();
            model.dispose();
          };
          return { ...calls, complete: model.complete, dispose: end };
        },
        model: ({ bytes }) => loadLiteRt(bytes),
        toOwn: same, toOurs: same,
      };
    },
  },
  {
    label: 'onnxruntime', name: 'onnxruntime-web', resolve: 'onnxruntime-web',
    async load() {
      const [{ fromImage, toImage, writeOnnx }, { loadOnnxRuntime, prepareOnnxRuntime }] = await Promise.all(
        [import('./onnx.mjs'), import('./onnxruntime.mjs')]);
      const toOwn = ({ images }, value) => (images ? toImage(value) : value);
      const toOurs = ({ images }, value) => (images ? fromImage(value) : value);
      return {
        write: writeOnnx,
        async layer(file, inputs) {
          const { output, ...calls } = await prepareOnnxRuntime(file.bytes, inputs.map((value) => toOwn(file, value)));
          return { ...calls, complete: true, output: () => toOurs(file, output()).data };
        },
        model: async ({ bytes }) => ({ ...await loadOnnxRuntime(bytes), complete: true }),
        toOwn, toOurs,
      };
    },
  },
];

/* Returns { peers, notes }: notes say which are left out, and why. */
export async function findPeers() {
  const peers = [], notes = [];
  for (const { label, name, resolve, needs, load } of LIBRARIES) {
    if (needs && !supports(needs)) {
      notes.push(`${label} is left out: this engine has no ${needs} SIMD, and it would run a slower build`);
      continue;
    }
    try {
      require.resolve(resolve);
    } catch {
      notes.push(`${label} is left out: its package ${name} is not installed (scripts/setup installs it)`);
      continue;
    }
    peers.push({ label, name, ...await load() });
  }
  return { peers, notes };
}
