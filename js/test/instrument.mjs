/* SPDX-License-Identifier: MIT */
/*
 * Which functions of a WebAssembly file run, and with what instructions: `instrument` gives every function a global of
 * its own that it sets to 1 at its start, and exports these globals.
 */

const IMPORT = 2, FUNCTION = 3, GLOBAL = 6, EXPORT = 7, ELEMENT = 9, CODE = 10;
const I32 = 0x7f, MUTABLE = 1, I32_CONST = 0x41, GLOBAL_SET = 0x24, END = 0x0b, EXPORT_GLOBAL = 3;

function leb(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push(value & 127 | 128);
  return [...bytes, value];
}

class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  /** The next bytes. */
  take(length) {
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  name() {
    return new TextDecoder().decode(this.take(this.number()));
  }

  /** To the end of a constant expression; of those there are, none but END has its byte inside. */
  expression() {
    const start = this.at;
    while (this.byte() !== END);
    return this.bytes.subarray(start, this.at);
  }

  limits() {
    const flags = this.number();
    this.number();
    if (flags & 1) this.number();
  }
}

/** What kinds of instructions there are from here on, in a function's body. */
function instructions(code) {
  const kinds = { simd: false, relaxed: false };
  const address = () => {
    if (code.number() & 64) code.number(); // the memory's number
    code.number();
  };
  while (code.at < code.end) {
    const op = code.byte();
    if (op >= 0x28 && op <= 0x3e) address();
    else if (op === 0x41 || op === 0x42 || (op >= 0x02 && op <= 0x04)) code.number(); // signed ones end alike
    else if (op === 0x43) code.take(4);
    else if (op === 0x44) code.take(8);
    else if (op === 0x0e) for (let n = code.number() + 1; n > 0; n--) code.number();
    else if (op === 0x1c) code.take(code.number());
    else if (op === 0x11 || op === 0x13) code.number(), code.number();
    else if (op === 0x0c || op === 0x0d || op === 0x10 || op === 0x12 || (op >= 0x20 && op <= 0x26) || op === 0x3f
      || op === 0x40 || op === 0xd0 || op === 0xd2) code.number();
    else if (op === 0xfc) {
      const kind = code.number();
      if (kind >= 8) code.number();
      if (kind === 8 || kind === 10 || kind === 12 || kind === 14) code.number();
    } else if (op === 0xfd) {
      const kind = code.number();
      kinds.simd = true;
      if (kind >= 0x100) kinds.relaxed = true;
      else if (kind <= 11 || kind === 92 || kind === 93) address();
      else if (kind === 12 || kind === 13) code.take(16);
      else if (kind >= 21 && kind <= 34) code.byte();
      else if (kind >= 84 && kind <= 91) address(), code.byte();
    } else if (!(op <= 0x01 || op === 0x05 || op === END || op === 0x0f || op === 0x1a || op === 0x1b
      || (op >= 0x45 && op <= 0xc4) || op === 0xd1)) throw new Error(`an instruction 0x${op.toString(16)}`);
  }
  return kinds;
}

/**
 * @returns {{ bytes: Uint8Array, functions: Array<{ probe: string, exported?: string, inTable: boolean,
 *   simd: boolean, relaxed: boolean }> }} The new file, and its own functions: `probe` is the exported global that is 1
 *   once it ran.
 */
export function instrument(file) {
  const reader = new Reader(new Uint8Array(file), 8);
  const sections = [];
  while (reader.at < reader.end) {
    const id = reader.byte(), length = reader.number();
    sections.push({ id, payload: reader.take(length) });
  }
  const open = id => {
    const section = sections.find(each => each.id === id);
    if (!section) throw new Error(`the file has no section ${id}`);
    return new Reader(section.payload);
  };

  let imported = 0, importedGlobals = 0;
  const imports = open(IMPORT);
  for (let n = imports.number(); n > 0; n--) {
    imports.name();
    imports.name();
    const kind = imports.byte();
    if (kind === 0) imported++, imports.number();
    else if (kind === 1) imports.byte(), imports.limits();
    else if (kind === 2) imports.limits();
    else if (kind === 3) importedGlobals++, imports.take(2);
    else throw new Error(`an import of kind ${kind}`);
  }
  const count = open(FUNCTION).number();
  const globals = open(GLOBAL), ownGlobals = globals.number();
  const firstProbe = importedGlobals + ownGlobals;

  const functions = Array.from({ length: count }, (_, i) => ({ probe: `ran ${i}`, inTable: false }));
  const exports = open(EXPORT), exportCount = exports.number(), oldExports = exports.bytes.subarray(exports.at);
  for (let n = exportCount; n > 0; n--) {
    const name = exports.name(), kind = exports.byte(), index = exports.number();
    if (kind === 0 && index >= imported) functions[index - imported].exported = name;
  }
  const elements = open(ELEMENT);
  for (let n = elements.number(); n > 0; n--) {
    const flags = elements.number();
    if (flags !== 0) throw new Error(`an element segment of kind ${flags}`);
    elements.expression();
    for (let m = elements.number(); m > 0; m--) functions[elements.number() - imported].inTable = true;
  }

  const code = open(CODE), entries = [];
  for (let i = 0, n = code.number(); i < n; i++) {
    const length = code.number(), body = code.take(length), locals = new Reader(body);
    for (let m = locals.number(); m > 0; m--) locals.number(), locals.byte();
    Object.assign(functions[i], instructions(new Reader(body, locals.at)));
    const probe = [I32_CONST, 1, GLOBAL_SET, ...leb(firstProbe + i)];
    entries.push(leb(length + probe.length), body.subarray(0, locals.at), probe, body.subarray(locals.at));
  }

  const replaced = new Map([
    [GLOBAL, [leb(ownGlobals + count), globals.bytes.subarray(globals.at),
      ...functions.map(() => [I32, MUTABLE, I32_CONST, 0, END])]],
    [EXPORT, [leb(exportCount + count), oldExports, ...functions.flatMap(({ probe }, i) =>
      [leb(probe.length), new TextEncoder().encode(probe), [EXPORT_GLOBAL], leb(firstProbe + i)])]],
    [CODE, [leb(count), ...entries]],
  ]);
  const bytes = [...new Uint8Array(file).subarray(0, 8)];
  for (const { id, payload } of sections) {
    const parts = replaced.get(id) ?? [payload];
    bytes.push(id, ...leb(parts.reduce((sum, part) => sum + part.length, 0)));
    for (const part of parts) for (const byte of part) bytes.push(byte);
  }
  return { bytes: Uint8Array.from(bytes), functions };
}
