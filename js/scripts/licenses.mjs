/* SPDX-License-Identifier: MIT */
// The licences of other packages' code, for the bundles that it went into.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const texts = fileURLToPath(new URL('../licenses/', import.meta.url));

/** The text to ship beside bundles that were made of these files: each package's notices, and each licence once. */
export function thirdPartyLicenses(files) {
  const packages = new Map();
  for (const file of [...files].sort()) {
    const folder = file.match(/^.*[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/)?.[0];
    if (!folder) continue; // our own
    if (!packages.has(folder)) packages.set(folder, new Set());
    for (const [, notice] of readFileSync(file, 'utf8').matchAll(/^[\s*/]*(Copyright .*\d{4}.*)$/gm)) {
      packages.get(folder).add(notice.trim());
    }
  }
  const parts = ['The files of this folder contain code of other packages. Their notices and licences:'];
  const licenses = new Map();
  for (const [folder, notices] of packages) {
    const { name, version, license, repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    // A package's own files go before the text of the licence that it names.
    const own = readdirSync(folder).filter(file => /^(licen[cs]e|notice|copying)/i.test(file)).sort()
      .map(file => readFileSync(join(folder, file), 'utf8'));
    const common = join(texts, `${license}.txt`);
    if (!own.length && existsSync(common)) licenses.set(license, readFileSync(common, 'utf8'));
    else if (!own.length) throw new Error(`${name} is bundled and has no licence text; add licenses/${license}.txt`);
    parts.push([`${name} ${version}, ${license}`, repository?.url, [...notices].join('\n'), ...own].filter(Boolean)
      .join('\n'));
  }
  for (const [license, text] of licenses) parts.push(`${license}:\n\n${text.trimEnd()}`);
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
