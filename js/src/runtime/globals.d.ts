/* SPDX-License-Identifier: MIT */
/* The little of Node.js that the package touches. */
declare const process: { versions?: { node?: string } } | undefined;
