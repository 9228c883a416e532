/* SPDX-License-Identifier: MIT */
/* How benchmarks write down what they found: plain tables, Markdown, JSON, and a bar chart. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/* Rows of text cells, the head first, as aligned lines. */
export function plainTable(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => (
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd()))
    .join('\n');
}

export const printTable = (rows) => console.log(plainTable(rows));

export function markdownTable([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function writeText(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text.endsWith('\n') ? text : `${text}\n`);
}

export const writeJson = (path, value) => writeText(path, JSON.stringify(value, null, 1));

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/*
 * Horizontal bars from 0 to 100 %, several for each label.
 * series: [{ name, colour }]; rows: [{ label, values }] with one fraction, or undefined, for each series.
 */
export function barChart(title, series, rows) {
  const left = 330, width = 480, bar = 7, gap = 7, top = 64;
  const rowHeight = series.length * bar + gap;
  const height = top + rows.length * rowHeight + 24;
  const x = (fraction) => left + width * Math.min(fraction, 1);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 70} ${height}" font-family="sans-serif" ` +
      'font-size="11">',
    `<rect width="100%" height="100%" fill="#fff"/><text x="12" y="22" font-size="15">${escape(title)}</text>`,
    ...series.map(({ name, colour }, i) => (
      `<rect x="${12 + i * 170}" y="34" width="10" height="10" fill="${colour}"/>` +
      `<text x="${27 + i * 170}" y="43">${escape(name)}</text>`)),
  ];
  for (let percent = 0; percent <= 100; percent += 20) {
    const at = x(percent / 100);
    parts.push(`<line x1="${at}" x2="${at}" y1="${top - 6}" y2="${height - 18}" stroke="#ccc"/>` +
      `<text x="${at}" y="${height - 5}" text-anchor="middle">${percent} %</text>`);
  }
  rows.forEach(({ label, values }, r) => {
    const y = top + r * rowHeight;
    parts.push(`<text x="${left - 6}" y="${y + rowHeight / 2}" text-anchor="end">${escape(label)}</text>`);
    values.forEach((value, i) => {
      if (value === undefined) return;
      parts.push(`<rect x="${left}" y="${y + i * bar}" width="${(x(value) - left).toFixed(1)}" height="${bar - 1}" ` +
        `fill="${series[i].colour}"/>`);
    });
  });
  parts.push('</svg>');
  return parts.join('\n');
}
