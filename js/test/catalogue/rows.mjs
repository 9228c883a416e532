/* SPDX-License-Identifier: MIT */
export const LogSoftmax = {
  float32: { elsewhere: 'indexing.test.mjs', reason: 'the cpu backend has no kernel of this name' },
};
