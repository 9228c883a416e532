/* SPDX-License-Identifier: MIT */
/*
 * A photo (JPEG or PNG) as raw RGB bytes, for programs that shall do without a decoder:
 *
 *     node picture.mjs PHOTO FILE WIDTH HEIGHT [--crop=LEFT,TOP,WIDTH,HEIGHT]
 */
import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readImage } from '../../js/demo/image.mjs';
import { cropImage, resizeImage } from '../../js/demo/resample.mjs';

export function rawPicture(path, width, height, crop) {
  const photo = readImage(path);
  const { data } = resizeImage(crop ? cropImage(photo, ...crop) : photo, width, height);
  return data.filter((_, i) => i % 4 !== 3);
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const { values, positionals: [path, file, width, height] } = parseArgs({
    allowPositionals: true, options: { crop: { type: 'string' } },
  });
  if (!height) throw new Error('usage: node picture.mjs PHOTO FILE WIDTH HEIGHT [--crop=LEFT,TOP,WIDTH,HEIGHT]');
  writeFileSync(file, rawPicture(path, Number(width), Number(height), values.crop?.split(',').map(Number)));
}
