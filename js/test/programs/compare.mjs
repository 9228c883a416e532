/* SPDX-License-Identifier: MIT */
/* Compares what a program said on two backends. */

/* A result as named lists: numbers and texts by the path of their keys, without the places in arrays. */
export function flatten(result) {
  const outputs = new Map();
  const list = (path) => outputs.get(path) ?? outputs.set(path, []).get(path);
  const visit = (value, path) => {
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') list(path).push(value);
    else if (ArrayBuffer.isView(value)) outputs.set(path, [...list(path), ...value]);
    else if (Array.isArray(value)) value.forEach((item) => visit(item, path));
    else if (value) for (const [key, item] of Object.entries(value)) visit(item, path ? `${path}.${key}` : key);
  };
  visit(result, '');
  return outputs;
}

const largest = (values) => (
  values.reduce((max, value) => Math.max(max, Number.isFinite(value) ? Math.abs(value) : 0), 0));

/* For each output { path, count, scale, tolerance, difference, over }:
 * scale: the reference's largest absolute value; tolerance: toleranceOf(path, scale); difference: the largest, infinite
 * where lengths, texts, infinities or NaN differ; over: how many texts and numbers differ by more than that. */
export function compare(result, reference, toleranceOf) {
  const found = flatten(result), rows = [];
  for (const [path, expected] of flatten(reference)) {
    const values = found.get(path) ?? [], scale = largest(expected), tolerance = toleranceOf(path, scale);
    const row = { path, count: expected.length, scale, tolerance, difference: 0, over: 0 };
    if (values.length !== expected.length) Object.assign(row, { difference: Infinity, over: expected.length });
    else {
      expected.forEach((value, i) => {
        if (Object.is(value, values[i]) || value === values[i]) return;
        const difference = Math.abs(value - values[i]); // NaN of texts
        row.difference = Math.max(row.difference, Number.isNaN(difference) ? Infinity : difference);
        if (!(difference <= tolerance)) row.over++;
      });
    }
    rows.push(row);
  }
  for (const path of found.keys()) {
    if (rows.some((row) => row.path === path)) continue;
    rows.push({ path, count: 0, scale: 0, tolerance: 0, difference: Infinity, over: 1 });
  }
  return rows;
}
