/* SPDX-License-Identifier: MIT */
/*
 * Imported first by what times several libraries in one process, so that what runs before doesn't change what is
 * measured after: V8 guesses where indirect calls go and inlines that, and when a guess proves wrong, because another
 * model or layer calls something else, onnxruntime stays at half its speed from then on (blazeface-back: 29 instead
 * of 15 ms). Without the guesses it doesn't; the others are measured as fast as with them.
 */
import { setFlagsFromString } from 'node:v8';

if (parseInt(process.versions.node) >= 26) setFlagsFromString('--no-wasm-inlining-call-indirect');
