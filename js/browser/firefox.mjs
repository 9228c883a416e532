/* SPDX-License-Identifier: MIT */
/* How the tests start Firefox; LANEWISE_FIREFOX says where it is. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const FIREFOX = process.env.LANEWISE_FIREFOX ?? '/usr/bin/firefox-esr';

/* No page and no request of its own. */
const PREFERENCES = {
  'browser.aboutwelcome.enabled': false, 'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore', 'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false, 'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false, 'extensions.getAddons.cache.enabled': false,
};

/**
 * Opens pages of a site (serve.mjs) in a Firefox that nobody steers, all at once, and returns what each posts to the site's
 * /outcome: an object with the page's path in `page`. For pages whose workers start workers: in a Firefox that is steered (seen with 153, by WebDriver
 * BiDi) every thirtieth `new Worker` in a worker never returns, in pages without any WebAssembly too.
 */
export async function openInFirefox(folder, site, paths, timeout = 60_000) {
  const profile = mkdtempSync(join(folder, 'firefox-'));
  writeFileSync(join(profile, 'user.js'), Object.entries(PREFERENCES).map(([name, value]) => (
    `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)).join(''));
  const urls = paths.map(path => site.url + path);
  const outcomes = () => paths.map(path => site.outcomes.find(({ page }) => page === `/${path}`));
  const firefox = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, ...urls], { stdio: 'ignore' });
  const closed = new Promise(resolve => { firefox.on('close', resolve).on('error', resolve); });
  let ended = false;
  closed.then(() => { ended = true; });
  try {
    for (const end = Date.now() + timeout; outcomes().includes(undefined);) {
      if (ended || Date.now() > end) {
        throw new Error(`${FIREFOX} ${ended ? 'has ended' : `ran for ${timeout / 1000} s`}; pages that have not answered: ` +
          urls.filter((_, i) => !outcomes()[i]).join(' '));
      }
      await new Promise(resolve => { setTimeout(resolve, 50); });
    }
    return outcomes();
  } finally {
    firefox.kill();
    await closed;
  }
}
