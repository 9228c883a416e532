/* SPDX-License-Identifier: MIT */
/* How the tests start Chromium; LANEWISE_CHROMIUM says where it is. */
export const CHROMIUM = {
  executablePath: process.env.LANEWISE_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
};

/** As openInFirefox (firefox.mjs), in a browser that runs. */
export async function openInChromium(browser, site, paths, timeout = 60_000) {
  const pages = await Promise.all(paths.map(() => browser.newPage()));
  try {
    return await Promise.all(pages.map(async (page, i) => {
      const posted = page.waitForRequest(request => request.method() === 'POST' && request.url() === `${site.url}outcome`,
        { timeout });
      await page.goto(site.url + paths[i]);
      return JSON.parse((await posted).postData());
    }));
  } finally {
    for (const page of pages) await page.close();
  }
}
