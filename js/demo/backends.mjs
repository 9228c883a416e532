/* SPDX-License-Identifier: MIT */
/*
 * The backends that the demo compares, side by side in one process. Lanewise and the official backend both want the
 * name `wasm`: here the official one has it, and each tier of Lanewise is registered under a name of its own.
 */
import { setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { registerBackend } from 'lanewise/backend';
import { chooseTier, load, supports, TIERS } from 'lanewise/runtime';

setThreadsCount(1);

/* The tier that Lanewise chooses on this engine. */
export const chosenTier = () => chooseTier().tier;

/* The TensorFlow.js backend name of a tier. */
export const backendOf = (tier) => `lanewise-${tier}`;

/* Registers all tiers that this engine can run, on one thread; returns their names, best first. */
export function registerTiers(options = {}) {
  const tiers = [...TIERS].reverse().filter(supports);
  for (const tier of tiers) registerBackend(backendOf(tier), { threads: 1, ...options, tier });
  return tiers;
}

/* Makes a registered tier the current backend. TensorFlow.js answers `false` when that fails; this throws why. */
export async function startTier(tier, options = {}) {
  if (await setBackend(backendOf(tier))) return;
  await load({ threads: 1, ...options, tier }); // fails as the backend did
  throw new Error(`Lanewise's tier ${tier} does not start`);
}

/* For runContest: the chosen tier, the others, the official backend, and the reference in plain JavaScript. */
export function contestants(tiers) {
  return [
    ...tiers.map((tier) => ({
      label: `Lanewise ${tier}${tier === chosenTier() ? ' (chosen)' : ' (forced)'}`,
      backend: backendOf(tier), slow: tier === 'scalar',
    })),
    { label: 'official wasm, XNNPACK', backend: 'wasm' },
    { label: 'cpu, plain JavaScript', backend: 'cpu', slow: true },
  ];
}
