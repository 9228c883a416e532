/* SPDX-License-Identifier: MIT */
/* Pictures of the platform as tensors, and back. */
import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import { expect, NUMBER, type Kernel } from './kernel.js';

/** Red, green, blue and alpha of each pixel. */
interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

type Canvas = HTMLCanvasElement | OffscreenCanvas;
type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const isPixels = (picture: unknown): picture is Pixels => {
  const { data } = picture as Pixels;
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
};

const isVideo = (picture: unknown): picture is HTMLVideoElement =>
  typeof HTMLVideoElement !== 'undefined' && picture instanceof HTMLVideoElement;

/** A canvas for pictures that can't be read but only drawn, made when the first one comes. */
let easel: Context | undefined;

function makeEasel(): Context {
  let made: Context | null = null;
  if (typeof document !== 'undefined') {
    made = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  } else if (typeof OffscreenCanvas !== 'undefined') {
    made = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  }
  if (!made) {
    throw new LanewiseError('FromPixels: this platform has no canvas to draw the picture on; give its pixels as ' +
      '{ data, width, height }');
  }
  return made;
}

/** The pixels of whatever TensorFlow.js takes for a picture. */
function read(picture: unknown): Pixels {
  if (isPixels(picture)) return picture;
  const source = picture as Exclude<CanvasImageSource, SVGImageElement | VideoFrame>;
  const [width, height] = isVideo(source) ? [source.videoWidth, source.videoHeight]
    : [source.width as number, source.height as number];
  if (!(width > 0 && height > 0)) {
    throw new LanewiseError(`FromPixels: the picture is ${width} x ${height} pixels large; has it been loaded?`);
  }
  // A canvas with a context of another kind, such as WebGL, has none of this kind: it is drawn like an image.
  const own = (source as Partial<Canvas>).getContext?.('2d') as Context | null | undefined;
  if (own) return { data: own.getImageData(0, 0, width, height).data, width, height };
  easel ??= makeEasel();
  easel.canvas.width = width; // which clears it
  easel.canvas.height = height;
  easel.drawImage(source, 0, 0, width, height);
  return easel.getImageData(0, 0, width, height);
}

const fromPixels: Kernel = (backend, inputs, { numChannels = 3 }) => {
  const { data, width, height } = read(inputs.pixels);
  if (!(Number.isInteger(numChannels) && numChannels >= 1 && numChannels <= 4)) {
    throw new LanewiseError(`FromPixels: attribute 'numChannels' is ${numChannels}; expected 1 to 4`);
  }
  const count = width * height;
  if (data.length !== 4 * count) {
    throw new LanewiseError(`FromPixels: ${width} x ${height} pixels have ${data.length} bytes of data; expected ` +
      `${4 * count}`);
  }
  const y = backend.output([height, width, numChannels], 'int32');
  const { heap, kernels } = backend, to = backend.pointer(y);
  const bytes = to + 4 * count * (numChannels - 1);
  heap.u8.set(data, bytes);
  kernels.pixels(count, numChannels, bytes, to);
  return y;
};

/** Numbers from 0 to 1, or integers from 0 to 255, of 1, 3 or 4 channels; `options` as in the cpu backend. */
const draw: Kernel = (backend, { image }, { canvas, options }) => {
  const op = 'Draw';
  expect(op, 'image', image, NUMBER);
  const [height, width, depth = 1] = image.shape;
  if (image.shape.length < 2 || image.shape.length > 3 || ![1, 3, 4].includes(depth)) {
    throw new LanewiseError(`${op}: argument 'image' has shape [${image.shape}]; expected [height, width] or ` +
      '[height, width, channels] with 1, 3 or 4 channels');
  }
  const { contextType = '2d', contextAttributes = {} } = options?.contextOptions ?? {};
  // A backend's own name stands for the context that it draws on: so TensorFlow.js's specs ask for it.
  if (contextType !== '2d' && contextType !== engine().backendName) {
    throw new LanewiseError(`${op}: a context of type '${contextType}' is not supported; expected '2d'`);
  }
  if (typeof canvas?.getContext !== 'function') {
    throw new LanewiseError(`${op}: argument 'canvas' is not a canvas, or this platform has none`);
  }
  const context = canvas.getContext('2d', contextAttributes) as Context | null;
  if (!context) throw new LanewiseError(`${op}: the canvas gives no context of type '2d'`);

  const isFloat = image.dtype === 'float32', top = isFloat ? 1 : 255, scale = isFloat ? 255 : 1;
  const from = backend.pointer(image) >>> 2;
  const values = isFloat ? backend.heap.f32 : backend.heap.i32;
  const size = width * height * depth;
  for (let i = from; i < from + size; i++) {
    if (values[i] < 0 || values[i] > top) {
      throw new LanewiseError(`${op}: Tensor values for a ${image.dtype} Tensor must be in the range [0 - ${top}] ` +
        `but encountered ${values[i]}.`);
    }
  }
  const picture = context.createImageData(width, height), pixels = picture.data;
  const alpha = Math.round(255 * (options?.imageOptions?.alpha || 1));
  const green = depth > 1 ? 1 : 0, blue = 2 * green;
  for (let i = from, to = 0; i < from + size; i += depth, to += 4) {
    pixels[to] = Math.round(values[i] * scale);
    pixels[to + 1] = Math.round(values[i + green] * scale);
    pixels[to + 2] = Math.round(values[i + blue] * scale);
    pixels[to + 3] = depth === 4 ? Math.round(values[i + 3] * scale) : alpha;
  }
  canvas.width = width;
  canvas.height = height;
  context.putImageData(picture, 0, 0);
  return image as TensorInfo;
};

export { draw as Draw, fromPixels as FromPixels };
