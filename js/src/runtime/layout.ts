/* SPDX-License-Identifier: MIT */
/* The enums and struct layouts of the C API. A module between, so that only those who ask for it carry the whole object. */
export * from '../generated/layout.js';
