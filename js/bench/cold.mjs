/* SPDX-License-Identifier: MIT */
/*
 * Cold starts: how long a program that has just begun waits for its first result. Every sample is a fresh process of
 * Node (cold-sample.mjs), the sides taking turns. Each side's model is a file in its own format on a disk that is
 * cached: each runs once before it counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../demo/contest.mjs';
import { handlerOf, inputOf } from '../test/models/catalogue.mjs';
import { peerModel } from './peers/model.mjs';

const SAMPLE = fileURLToPath(new URL('cold-sample.mjs', import.meta.url));

function sample(side, folder) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SAMPLE, side, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${side}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{')));
}

const summary = (times) => ({ median: median(times), min: Math.min(...times), max: Math.max(...times) });

/*
 * definition: of the catalogue; peers: of findPeers(). Returns [{ model, backend, total, first, totalCpu, firstCpu }],
 * the four { median, min, max } in milliseconds: from the first import to the outputs, and of the first inference
 * alone; by the clock, and of the processor's time, which other programs on the same core add nothing to. A library
 * that doesn't run the model adds the reason to notes.
 */
export async function measureCold(definition, peers, rounds, notes) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-cold-'));
  try {
    const sides = ['Lanewise', 'official'];
    const write = (name, bytes) => writeFileSync(join(folder, name), bytes);
    const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);
    const describe = (side, { shape, dtype, data }) => {
      write(`${side}.json`, JSON.stringify({ shape, dtype, layers: definition.layers ?? false }));
      write(`${side}.bin`, bytesOf(data));
    };
    const { weightData, ...artifacts } = await handlerOf(definition).load();
    const { values, shape, dtype } = inputOf(definition);
    write('model.json', JSON.stringify(artifacts));
    write('model.bin', new Uint8Array(weightData));
    sides.forEach((side) => describe(side, { shape, dtype, data: values }));
    for (const peer of peers) {
      try {
        const { file, input } = await peerModel(peer, definition);
        write(`${peer.label}.model`, file.bytes);
        describe(peer.label, input);
        sides.push(peer.label);
      } catch (error) {
        notes.push(`${definition.name}: no ${peer.label}: ${error.message}`);
      }
    }
    const times = sides.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      sides.forEach((side, i) => {
        const time = sample(side, folder);
        if (round > 0) times[i].push(time);
      });
    }
    const kinds = ['total', 'first', 'totalCpu', 'firstCpu'];
    return sides.map((side, i) => ({
      model: definition.name, backend: side,
      ...Object.fromEntries(kinds.map((kind) => [kind, summary(times[i].map((time) => time[kind]))])),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
