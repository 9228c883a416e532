/* SPDX-License-Identifier: MIT */
/*
 * No number is kept by hand in two languages: the generated module knows every enum constant, struct and field of the
 * C header, and the sources have no offsets or enums of their own.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version_wasm as version } from 'lanewise/backend';
import { layout } from 'lanewise/runtime';

const root = fileURLToPath(new URL('..', import.meta.url));
const header = ['lanewise.h', 'pool.h'].map(file => readFileSync(join(root, '../include/lanewise', file), 'utf8')).join('')
  .replace(/\/\*[\s\S]*?\*\//g, '');

test('every enum constant of the header has its value', () => {
  let constants = 0;
  for (const [, body] of header.matchAll(/\benum lw_\w+ \{([^}]*)\}/g)) {
    for (const [, name, value] of body.matchAll(/(LW_\w+)\s*=\s*(\d+)/g)) {
      assert.equal(layout[name], Number(value), name);
      constants++;
    }
    assert.equal([...body.matchAll(/LW_\w+/g)].length, [...body.matchAll(/LW_\w+\s*=\s*\d+/g)].length, body);
  }
  assert.ok(constants > 40, `${constants} constants found`);
  assert.equal(layout.LW_MAX_RANK, Number(/#define LW_MAX_RANK (\d+)/.exec(header)[1]));
});

test('every struct of the header has all its fields, in order and without overlap', () => {
  let structs = 0;
  for (const [, name, body] of header.matchAll(/\bstruct (lw_\w+) \{([^}]*)\}/g)) {
    structs++;
    const names = body.split(';').map(line => line.trim()).filter(Boolean)
      .flatMap(line => line.split(',').map(part => /(\w+)\s*(\[.*\])?$/.exec(part.trim())[1]));
    const { bytes, ...offsets } = layout[name];
    assert.deepEqual(Object.keys(offsets), names, name);
    Object.values(offsets).reduce((last, offset) => {
      assert.ok(offset > last && offset < bytes, `${name}: offset ${offset}`);
      return offset;
    }, -1);
  }
  assert.ok(structs > 10, `${structs} structs found`);
});

test('the sources have no offset or enum of their own', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true })
    .filter(file => file.endsWith('.ts') && !file.includes('generated'));
  assert.ok(files.length > 10);
  for (const file of files) {
    const source = readFileSync(join(root, 'src', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    for (const [line] of source.matchAll(/.*\bLW_[A-Z0-9_]+\s*[=:]\s*-?\d.*/g)) assert.fail(`${file}: ${line}`);
    // Descriptors are written through set(), array(), window() and activation(), at an offset that has a name.
    if (file.endsWith('kernels.ts')) {
      for (const [line] of source.matchAll(/\bthis\.(set|array|window|activation)\([^)]*\bat \+ \d.*/g)) {
        assert.fail(`${file}: ${line}`);
      }
    }
  }
});

test('there is one version', () => {
  const { version: packaged } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.equal(layout.LW_VERSION, packaged);
  assert.equal(version, packaged);
  assert.equal(/#define LW_VERSION_STRING "(.*)"/.exec(header)[1], packaged);
});
