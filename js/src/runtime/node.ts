/* SPDX-License-Identifier: MIT */
export const inNode = typeof process === 'object' && typeof process.versions?.node === 'string';
