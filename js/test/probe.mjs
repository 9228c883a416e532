/* SPDX-License-Identifier: MIT */
/*
 * An expression for the best tier that an engine validates, found with modules of our own: each is one function
 * () -> v128 or nothing whose body uses one instruction of the tier.
 */
export const PROBE = `(() => {
  const module = (result, ...body) => new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4 + result.length, 1, 96, 0,
    result.length, ...result, 3, 2, 1, 0, 10, body.length + 4, 1, body.length + 2, 0, ...body, 11]);
  const v128 = 123, zero = [253, 12, ...Array(16).fill(0)]; // v128.const 0
  const relaxed = module([v128], ...zero, ...zero, ...zero, 253, 133, 2); // f32x4.relaxed_madd
  const simd128 = module([v128], ...zero, ...zero, 253, 228, 1); // f32x4.add
  const broken = module([v128], ...zero, ...zero, 253, 255, 15); // no such instruction
  if (!WebAssembly.validate(module([])) || WebAssembly.validate(broken)) return 'the probe is wrong';
  return WebAssembly.validate(relaxed) ? 'relaxed' : WebAssembly.validate(simd128) ? 'simd128' : 'scalar';
})()`;
