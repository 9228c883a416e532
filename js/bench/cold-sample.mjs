/* SPDX-License-Identifier: MIT */
/*
 * One cold start, for cold.mjs: cold-sample.mjs SIDE FOLDER, in a process of its own. The clock starts before the first
 * import of the side's own and stops when the outputs are there as numbers. Prints { total, first } in milliseconds, and
 * { totalCpu, firstCpu }, the processor's time that all of the process's threads took.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [side, folder] = process.argv.slice(2);
const { shape, dtype, layers } = JSON.parse(readFileSync(join(folder, `${side}.json`), 'utf8'));
const numbers = readFileSync(join(folder, `${side}.bin`));
const values = new (dtype === 'int32' ? Int32Array : Float32Array)(new Uint8Array(numbers).buffer);

/* Each loads everything, and returns a function that does an inference. */
const SIDES = {
  async tfjs(backend) {
    const tf = await import('@tensorflow/tfjs-core');
    const { setThreadsCount } = await import(backend);
    setThreadsCount(1);
    if (!await tf.setBackend('wasm')) throw new Error(`${backend} does not start`);
    const { loadGraphModel } = layers ? {} : await import('@tensorflow/tfjs-converter');
    const load = loadGraphModel ?? (await import('@tensorflow/tfjs-layers')).loadLayersModel;
    const artifacts = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const { buffer } = new Uint8Array(readFileSync(join(folder, 'model.bin')));
    const model = await load({ load: async () => ({ ...artifacts, weightData: buffer }) });
    const { infer } = await import('../demo/contest.mjs');
    return () => infer(model, values, shape, dtype);
  },
  Lanewise: () => SIDES.tfjs('lanewise'),
  official: () => SIDES.tfjs('@tensorflow/tfjs-backend-wasm'),
  async LiteRT() {
    const { loadLiteRt } = await import('./peers/litert.mjs');
    const model = await loadLiteRt(readFileSync(join(folder, 'LiteRT.model')));
    return () => model.infer(values, shape);
  },
  async onnxruntime() {
    const { loadOnnxRuntime } = await import('./peers/onnxruntime.mjs');
    const model = await loadOnnxRuntime(readFileSync(join(folder, 'onnxruntime.model')));
    return () => model.infer(values, shape);
  },
};

const now = () => {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now(), cpu: (user + system) / 1000 };
};
const start = now();
const infer = await SIDES[side]();
const loaded = now();
const outputs = await infer();
const end = now();
if (outputs.length === 0 || outputs.some(({ data }) => data.length === 0 || !Array.from(data).every(Number.isFinite))) {
  throw new Error('the outputs are not finite numbers');
}
process.stdout.write(JSON.stringify({
  total: end.clock - start.clock, first: end.clock - loaded.clock,
  totalCpu: end.cpu - start.cpu, firstCpu: end.cpu - loaded.cpu,
}));
process.exit(0); // without waiting for what a library may have running
