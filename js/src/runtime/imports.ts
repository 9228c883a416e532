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
    // What Emscripten's libraries for shared memory name, and nobody calls.
    'env.__do_set_thread_state': () => {},
    'wasi_snapshot_preview1.clock_time_get': () => 52, // ENOSYS
    'env.now': () => performance.now(), // the pool's clock
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
