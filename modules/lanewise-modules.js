/* SPDX-License-Identifier: MIT */
/*
 * The functions of lanewise/modules.h, for Emscripten: emcc --js-library lanewise-modules.js. They load kernel modules:
 * position-independent WebAssembly files without any JavaScript or library of their own. Such a module
 *   - imports env.memory, env.__indirect_function_table, env.__stack_pointer, and two numbers: env.__memory_base, where
 *     its data go, and env.__table_base, the first of its slots in the table; and nothing else;
 *   - says in its section dylink.0 how many bytes and slots it needs;
 *   - exports __wasm_apply_data_relocs, which writes the addresses among its data, and
 *     lw_kernel_module(module, bytes, data, slots), which returns the address of its struct lw_kernel_module.
 * Nothing here throws: what goes wrong is written down for lw_kernels_why().
 */
#if MEMORY64
#error "Lanewise's kernel modules are for 32-bit memory"
#endif
#if TABLE_BASE == 1 && !(ALLOW_TABLE_GROWTH && !SHARED_MEMORY)
#error "Lanewise's kernel modules need slots in the function table: link with -sTABLE_BASE=512"
#endif

addToLibrary({
  // loaded: the struct lw_kernel_module of each tier that this thread can call. taken: the slots of its table that
  // hold kernels, from `first` to below `end`. text: what lw_kernels_why() returned.
  $lanewise: {
    loaded: {},
    taken: [],
    log: [],
    text: 0,
  },

  /** Writes down what became of a module; returns 0 for the functions of C. */
  $lanewiseNote__deps: ['$lanewise'],
  $lanewiseNote: (text) => {
    lanewise.log.push(text);
    return 0;
  },

  /** Tiny modules that hold the instructions of a tier's kernels, as js/src/runtime/detect.ts makes them. No table: the
   * Closure compiler would rename its keys. */
  $lanewiseProbe: (tier) => {
    if (tier == 'relaxed') {
      return '0061736d0100000001050160017b000302010005030100010aa30001a00000200020002000fd85021a200020002000fd8602'
        + '1a200020002000fd8b021a0b';
    }
    if (tier == 'simd128') {
      return '0061736d0100000001050160017b000302010005030100010ade0101db01004100fd0000001a4100fd0900001a4100fd5c00'
        + '001a41002000fd560000011a41002000fd5a00000141002000fd0b00004300000000fd131a20002000fd0d00000000000000'
        + '0000000000000000001a200020002000fd521a20002000fde4011a20002000fde6011a20002000fde7011a20002000fdea01'
        + '1a20002000fdeb011a2000fde3011a2000fd671a2000fd681a2000fd6a1a2000fdf8011a2000fdfa011a20002000fdb5011a'
        + '20002000fdf0011a20002000fdf2011a20002000fdf3011a2000fdef011a20002000fdf6011a2000fd5f1a2000fd5e1a0b';
    }
    return '';
  },

  /** Whether the engine has a tier's instructions. */
  $lanewiseCanRun__deps: ['$lanewiseProbe'],
  $lanewiseCanRun: (tier) => {
    var probe = lanewiseProbe(tier);
    if (!probe || !WebAssembly.validate) return false; // there is none in programs by wasm2js
    return WebAssembly.validate(Uint8Array.from(probe.match(/../g), (byte) => parseInt(byte, 16)));
  },

  /** The sizes in a module's section dylink.0, whose first part is: 1, its length, then the bytes and alignment of the
   * data and the count and alignment of the slots, all in LEB128; alignments are powers of two. */
  $lanewiseSizes: (module) => {
    var section = WebAssembly.Module.customSections(module, 'dylink.0')[0];
    if (!section) throw new Error('it is no kernel module');
    var bytes = new Uint8Array(section);
    var at = 0;
    var next = () => {
      var value = 0;
      for (var shift = 0; ; shift += 7) {
        var byte = bytes[at++];
        value += (byte & 127) << shift;
        if (byte < 128) return value;
        if (!(byte >= 128)) throw new Error('its section dylink.0 is damaged');
      }
    };
    if (next() != 1) throw new Error('its section dylink.0 is of an unknown kind');
    next();
    return { dataBytes: next(), dataAlign: 1 << next(), slots: next() };
  },

  /** An instance on this program's memory, stack and function table. */
  $lanewiseInstance__deps: ['__stack_pointer', '$wasmTable', '$wasmMemory'],
  $lanewiseInstance: (module, data, slots) => new WebAssembly.Instance(module, {
    'env': {
      'memory': wasmMemory,
      '__indirect_function_table': wasmTable,
      '__stack_pointer': ___stack_pointer,
      '__memory_base': data,
      '__table_base': slots,
    },
  })['exports'],

  /** The first of `count` free slots. */
  $lanewiseSlots__deps: ['$lanewise', '$wasmTable'],
  $lanewiseSlots: (count) => {
    var first = 1;
    for (var slots of lanewise.taken) if (slots.end <= {{{ TABLE_BASE }}}) first = Math.max(first, slots.end);
    if (first + count <= {{{ TABLE_BASE }}}) return first;
#if !SHARED_MEMORY // every thread has a table of its own: there only the reserved slots are the same in all of them
    try {
      return wasmTable.grow(count);
    } catch (e) { // it has reached its maximum
    }
#endif
    throw new Error(`there is no room for its ${count} functions in the table; link with -sTABLE_BASE=${
      first + count} or more`);
  },

  /** Loads a compiled module; returns the address of its struct lw_kernel_module. bytesAt, byteCount: the file, in
   * memory, where other threads find it to attach themselves. */
  $lanewiseLoad__deps: ['$lanewise', '$lanewiseSizes', '$lanewiseSlots', '$lanewiseInstance', 'malloc', 'free',
    'lw_kernel_module_check', 'lw_status_string', '$UTF8ToString', '$wasmTable', '$wasmMemory'],
  $lanewiseLoad: (tier, module, bytesAt, byteCount) => {
    var sizes = lanewiseSizes(module);
    var first = lanewiseSlots(sizes.slots);
    var end = first + sizes.slots;
    // Never freed: the module has it for as long as the program runs.
    var block = _malloc(sizes.dataBytes + sizes.dataAlign) >>> 0;
    if (!block) throw new Error('there is no memory for its data');
    var data = Math.ceil(block / sizes.dataAlign) * sizes.dataAlign;
    try {
      // A module writes only what isn't zero.
      new Uint8Array(wasmMemory.buffer, data, sizes.dataBytes).fill(0);
      var exports = lanewiseInstance(module, data, first);
      exports['__wasm_apply_data_relocs']();
      var kernels = exports['lw_kernel_module'](bytesAt, byteCount, data, first) >>> 0;
      var status = _lw_kernel_module_check(kernels);
      if (status) throw new Error(UTF8ToString(_lw_status_string(status)));
      var holds = UTF8ToString({{{ makeGetValue('kernels', 8, '*') }}});
      if (holds != tier) throw new Error(`its kernels are ${holds}`);
    } catch (e) {
      for (var slot = first; slot < end; slot++) wasmTable.set(slot, null);
      _free(block);
      throw e;
    }
    lanewise.taken.push({ first, end, kernels });
    return lanewise.loaded[tier] = kernels;
  },

  lw_kernels_load__sig: 'pppp',
  lw_kernels_load__deps: ['$lanewise', '$lanewiseNote', '$lanewiseProbe', '$lanewiseCanRun', '$lanewiseLoad',
    '$UTF8ToString', '$wasmMemory'],
  lw_kernels_load: (tierAt, bytesAt, byteCount) => {
    var tier = UTF8ToString(tierAt);
    if (lanewise.loaded[tier]) return lanewise.loaded[tier];
    if (!lanewiseProbe(tier)) return lanewiseNote(`${tier}: there is no tier of that name`);
    if (!lanewiseCanRun(tier)) return lanewiseNote(`${tier}: this engine can't run it`);
    bytesAt >>>= 0;
    byteCount >>>= 0;
    try {
      // A copy, since shared memory is no source of modules.
      var module = new WebAssembly.Module(new Uint8Array(wasmMemory.buffer, bytesAt, byteCount).slice());
      var kernels = lanewiseLoad(tier, module, bytesAt, byteCount);
    } catch (e) {
      return lanewiseNote(`${tier}: ${e.message}`);
    }
    lanewiseNote(`${tier}: loaded`);
    return kernels;
  },

  lw_kernels_fetch__sig: 'vpppp',
  lw_kernels_fetch__deps: ['$lanewise', '$lanewiseNote', '$lanewiseCanRun', '$lanewiseLoad', '$UTF8ToString',
    '$callUserCallback', 'malloc', 'free', '$wasmMemory'],
  lw_kernels_fetch: (folder, tierAt, done, user) => {
    var asked = tierAt && UTF8ToString(tierAt);
    var prefix = folder && UTF8ToString(folder);
    var fetchOne = async (tier) => {
      if (lanewise.loaded[tier]) return lanewise.loaded[tier];
      if (!lanewiseCanRun(tier)) return lanewiseNote(`${tier}: this engine can't run it`);
      var name = `lanewise-kernels-${tier}{{{ SHARED_MEMORY ? '-threads' : '' }}}.wasm`;
      var url = prefix ? prefix + name : locateFile(name);
      var at = 0;
      try {
        var bytes = new Uint8Array(await readAsync(url));
        var module = await WebAssembly.compile(bytes);
        if (lanewise.loaded[tier]) return lanewise.loaded[tier]; // meanwhile
#if SHARED_MEMORY
        at = _malloc(bytes.length) >>> 0;
        if (!at) throw new Error('there is no memory for it');
        new Uint8Array(wasmMemory.buffer).set(bytes, at);
#endif
        var kernels = lanewiseLoad(tier, module, at, bytes.length);
        lanewiseNote(`${tier}: loaded from ${url}`);
        return kernels;
      } catch (e) {
        if (at) _free(at);
        return lanewiseNote(`${tier}: ${url}: ${(e && e.message) || e}`);
      }
    };
    var run = async () => {
      for (var tier of ['relaxed', 'simd128']) {
        if (asked && asked != tier) continue;
        var kernels = await fetchOne(tier);
        if (kernels) return kernels;
      }
      return 0;
    };
    {{{ runtimeKeepalivePush() }}}
    run().then((kernels) => {
      {{{ runtimeKeepalivePop() }}}
      callUserCallback(() => {{{ makeDynCall('vpp', 'done') }}}(kernels, user));
    });
  },

  lw_kernels_why__sig: 'p',
  lw_kernels_why__deps: ['$lanewise', '$stringToNewUTF8', 'free'],
  lw_kernels_why: () => {
    if (lanewise.text) _free(lanewise.text);
    return lanewise.text = stringToNewUTF8(lanewise.log.join('; ') || 'nothing was to be loaded');
  },

  lw_kernels_attach__sig: 'ip',
  lw_kernels_attach__deps: ['$lanewise', '$lanewiseNote', '$lanewiseInstance', '$lanewiseSizes', '$UTF8ToString',
    '$wasmMemory'],
  lw_kernels_attach: (kernels) => {
    kernels >>>= 0;
    if (lanewise.taken.some((slots) => slots.kernels == kernels)) return 1; // by this thread itself, or before
    try {
      var tier = UTF8ToString({{{ makeGetValue('kernels', 8, '*') }}});
      var bytesAt = {{{ makeGetValue('kernels', 16, '*') }}} >>> 0;
      var byteCount = {{{ makeGetValue('kernels', 20, '*') }}} >>> 0;
      var data = {{{ makeGetValue('kernels', 24, '*') }}} >>> 0;
      var first = {{{ makeGetValue('kernels', 28, '*') }}};
      var module = new WebAssembly.Module(new Uint8Array(wasmMemory.buffer, bytesAt, byteCount).slice());
      var end = first + lanewiseSizes(module).slots;
      if (lanewise.taken.some((slots) => first < slots.end && slots.first < end)) {
        throw new Error('this thread has other kernels in their slots');
      }
      // What it writes into its data is there already, behind a flag that the first instance has set.
      lanewiseInstance(module, data, first);
      lanewise.taken.push({ first, end, kernels });
      lanewise.loaded[tier] ||= kernels;
      return 1;
    } catch (e) {
      return lanewiseNote(`attach: ${e.message}`);
    }
  },
});
