/* SPDX-License-Identifier: MIT */
/*
 * Photos in Node: reads JPEG and PNG, draws on pixels, writes PNG. An image is { width, height, data }, RGBA bytes,
 * opaque, [height][width][4], upright.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';

/* What is wrong with a file, in one line for its user; from decodeImage without the file's name in front. */
export class PhotoError extends Error {}

const CUT_SHORT = 'is cut short or damaged: it ends before its image does';
const MAX_MEGAPIXELS = 150; // beyond it the decoders need more memory than a Node process has

/* ---- JPEG ------------------------------------------------------------------------------------------------------- */

/* Calls visit(marker, start, end) for each segment up to the scan data; returns where that starts, or the end. */
function eachJpegSegment(bytes, visit) {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // fill byte
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    visit(marker, at + 4, Math.min(end, bytes.length));
    at = end;
    if (marker === 0xda) break;
  }
  return at;
}

/* EXIF's orientation, 1 to 8; 1 (upright) when there is none. */
function jpegOrientation(bytes) {
  let orientation = 1;
  eachJpegSegment(bytes, (marker, start, end) => {
    const segment = bytes.subarray(start, end);
    if (marker !== 0xe1 || segment.length < 14 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return;
    const tiff = segment.subarray(6);
    const little = tiff[0] === 0x49;
    const u16 = (at) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
    const u32 = (at) => (at + 4 > tiff.length ? 0 : little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
    const directory = u32(4);
    for (let i = 0; i < u16(directory); i++) {
      const entry = directory + 2 + 12 * i;
      const value = u16(entry + 8);
      if (u16(entry) === 0x0112 && value >= 1 && value <= 8) orientation = value;
    }
  });
  return orientation;
}

/* Turns and mirrors an image as EXIF's orientation says. */
export function orient(image, orientation) {
  if (orientation === 1) return image;
  const swap = orientation >= 5;
  const mirrorX = [2, 3, 7, 8].includes(orientation), mirrorY = [3, 4, 6, 7].includes(orientation);
  const width = swap ? image.height : image.width, height = swap ? image.width : image.height;
  const from = new Uint32Array(image.data.buffer, image.data.byteOffset, image.width * image.height);
  const to = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let column = swap ? y : x, row = swap ? x : y;
      if (mirrorX) column = image.width - 1 - column;
      if (mirrorY) row = image.height - 1 - row;
      to[y * width + x] = from[row * image.width + column];
    }
  }
  return { width, height, data: new Uint8Array(to.buffer) };
}

function decodeJpeg(bytes) {
  /* The decoder takes missing data for zeros, so a truncated file must be found by its missing end marker. */
  const scan = eachJpegSegment(bytes, () => {});
  if (scan >= bytes.length || bytes.indexOf(Buffer.from([0xff, 0xd9]), scan) < 0) {
    throw new PhotoError(CUT_SHORT);
  }
  const image = jpeg.decode(bytes, {
    useTArray: true, formatAsRGBA: true, tolerantDecoding: false,
    maxResolutionInMP: MAX_MEGAPIXELS, maxMemoryUsageInMB: 4096,
  });
  return orient(image, jpegOrientation(bytes));
}

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

/* Whether the chunks (length, type, data, checksum) go on up to the one that ends every PNG. */
function hasPngEnd(bytes) {
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') return true;
  }
  return false;
}

function decodePng(bytes) {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR' || !hasPngEnd(bytes)) {
    throw new PhotoError(CUT_SHORT);
  }
  const megapixels = (bytes.readUInt32BE(16) * bytes.readUInt32BE(20)) / 1e6;
  if (megapixels > MAX_MEGAPIXELS) throw new PhotoError(`is too large: at most ${MAX_MEGAPIXELS} megapixels`);
  const { width, height, data } = PNG.sync.read(bytes); // any colour type and depth becomes 8-bit RGBA
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] / 255; // on white, as a viewer shows it
    for (let c = i; c < i + 3; c++) data[c] = Math.round(255 + (data[c] - 255) * alpha);
    data[i + 3] = 255;
  }
  return { width, height, data };
}

/* ---- Files ------------------------------------------------------------------------------------------------------ */

/* The decoders' own words are for programmers. */
function decoderError(kind, reason) {
  if (/limit exceeded|enough memory/.test(reason)) return `is too large: at most ${MAX_MEGAPIXELS} megapixels`;
  if (/unsupported|single frame/i.test(reason)) return `is a kind of ${kind} that is not supported`;
  return `is cut short or damaged: its ${kind} data cannot be decoded`;
}

/* bytes: a Buffer. The content decides what it is, not a file's name. Throws a PhotoError. */
export function decodeImage(bytes) {
  const isJpeg = bytes.length >= 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
  const isPng = bytes.length >= 8 && bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
  if (bytes.length === 0) throw new PhotoError('is empty');
  if (!isJpeg && !isPng) throw new PhotoError('is not a JPEG or PNG image');
  let image;
  try {
    image = isJpeg ? decodeJpeg(bytes) : decodePng(bytes);
  } catch (error) {
    if (error instanceof PhotoError) throw error;
    throw new PhotoError(decoderError(isJpeg ? 'JPEG' : 'PNG', String(error?.message ?? error)));
  }
  if (!(image.width > 0 && image.height > 0)) throw new PhotoError('has no pixels');
  return image;
}

const SYSTEM_ERRORS = {
  ENOENT: 'no such file or folder', EISDIR: 'it is a folder', EACCES: 'permission denied', EPERM: 'permission denied',
  ENOTDIR: 'a part of its path is not a folder', EROFS: 'the file system is read-only', ENOSPC: 'the disk is full',
};

const systemError = (error) => SYSTEM_ERRORS[error.code] ?? error.code ?? error.message;

export function readImage(path) {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new PhotoError(`cannot read ${path}: ${systemError(error)}`);
  }
  try {
    return decodeImage(bytes);
  } catch (error) {
    if (!(error instanceof PhotoError)) throw error;
    throw new PhotoError(`${path} ${error.message}`);
  }
}

export function encodePng({ width, height, data }) {
  const png = new PNG({ width, height });
  png.data.set(data);
  return PNG.sync.write(png, { colorType: 2 });
}

export function writePng(path, image) {
  const bytes = encodePng(image);
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    // No half-written picture stays behind (but a device is not ours to remove).
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path, { force: true });
    throw new PhotoError(`cannot write ${path}: ${systemError(error)}`);
  }
}

/* ---- Drawing ---------------------------------------------------------------------------------------------------- */

/* Fills the part of a rectangle that lies inside of the image. Coordinates in pixels, any number. */
function fillRect(image, left, top, right, bottom, [red, green, blue]) {
  const x0 = Math.max(Math.round(left), 0), x1 = Math.min(Math.round(right), image.width);
  const y0 = Math.max(Math.round(top), 0), y1 = Math.min(Math.round(bottom), image.height);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) image.data.set([red, green, blue, 255], (y * image.width + x) * 4);
  }
}

/* The outline of a box, `thickness` pixels wide, inside of the box. */
export function drawBox(image, { left, top, right, bottom }, thickness, colour) {
  fillRect(image, left, top, right, top + thickness, colour);
  fillRect(image, left, bottom - thickness, right, bottom, colour);
  fillRect(image, left, top, left + thickness, bottom, colour);
  fillRect(image, right - thickness, top, right, bottom, colour);
}

/* A filled circle. */
export function drawDot(image, x, y, radius, colour) {
  for (let dy = -radius; dy <= radius; dy++) {
    const half = Math.sqrt(radius * radius - dy * dy);
    fillRect(image, x - half, y + dy, x + half, y + dy + 1, colour);
  }
}
