/* SPDX-License-Identifier: MIT */
/* What a module may ask of us. */

type Import = (...args: never[]) => number | void;

/**
 * The imports of a module.
 * @param memory The shared memory, for a module that has one.
 * @param grown Called after the memory grew.
 * @param refuse Called with the name of an import that no file of Lanewise has.
 */
export function importsFor(module: WebAssembly.Module, memory: WebAssembly.Memory | undefined, grown: () => void,
  refuse: (name: string) => void = () => {}): WebAssembly.Imports {
  const known: Record<string, Import | WebAssembly.Memory | undefined> = {
    'env.memory': memory,
    'env.emscripten_notify_memory_growth': grown,
    // Emscripten tells threads' names and roles with this.
    'env.__do_set_thread_state': () => {},
    // The pool's clock: nanoseconds, as a 64-bit integer.
    'wasi_snapshot_preview1.clock_time_get': (_clock: number, _precision: bigint, to: number) => {
      new DataView(memory!.buffer).setBigUint64(to, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
  };
  const imports: Record<string, Record<string, Import | WebAssembly.Memory>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const provided = known[`${space}.${name}`];
    if (provided) (imports[space] ??= {})[name] = provided;
    else refuse(`${space}.${name}`);
  }
  return imports as WebAssembly.Imports;
}

/** Whether a module imports its memory, as those for several threads do. */
export function importsMemory(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
}
