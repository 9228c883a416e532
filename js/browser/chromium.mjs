/* SPDX-License-Identifier: MIT */
/* How the tests start Chromium; LANEWISE_CHROMIUM says where it is. */
export const CHROMIUM = {
  executablePath: process.env.LANEWISE_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
};
