/* SPDX-License-Identifier: MIT */
/* The package as npm packs it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packs the package into a folder: the archive's path, and the names of the files in it. */
export function pack(folder) {
  // Without the prepack script: it would replace dist under the other tests' feet.
  const [{ filename, files }] = JSON.parse(execFileSync('npm', ['pack', '--ignore-scripts', '--json',
    '--pack-destination', folder], { cwd: root, encoding: 'utf8' }));
  return { archive: join(folder, filename), names: files.map(file => file.path) };
}

/** Unpacks such an archive into a folder's node_modules, as npm does, under a name. */
export function unpack(archive, folder, name = 'lanewise') {
  const own = join(folder, 'node_modules', name);
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['xzf', archive, '-C', own, '--strip-components=1']);
}

/**
 * Installs the packed package into a folder, as npm install does, but for its peers and other packages, which come from
 * this package's node_modules and not from the network. Returns the names of the files in it.
 */
export function installPackage(folder) {
  const { archive, names } = pack(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  unpack(archive, folder);
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const target = join(folder, 'node_modules', name);
    if (name !== 'lanewise' && !name.startsWith('.') && !existsSync(target)) symlinkSync(join(root, 'node_modules',
      name), target);
  }
  return names;
}

/** Runs a program in a folder; returns what it prints, warnings at the end. */
export function run(folder, name, source, ...flags) {
  writeFileSync(join(folder, name), source);
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, name], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stderr.slice(-2000));
  return stdout + stderr.replace(/^.*(ExperimentalWarning|trace-warnings).*\n/gm, '');
}
