// Opens the playground in Chromium, from its file, and records what must not happen.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

export const setting = JSON.parse(process.env.NOVASPHERE_SETTING);

/** The time limit of one scenario, in milliseconds. Pages are slow on a busy machine. */
const TIMEOUT = 1_200_000;

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: setting.chromium,
    timeout: TIMEOUT / 2,
    chromiumSandbox: false, // does not work for root
    args: ['--no-proxy-server', '--disable-gpu', '--disable-quic'],
  });
});

after(async () => {
  await browser?.close();
});

/** The page's file with a fragment. */
export const address = (hash = '') => pathToFileURL(setting.page).href + hash;

/**
 * A test in a fresh profile. Fails if the page requests anything after it has loaded, leaves an
 * address of `file:`, or logs an error.
 */
export function scenario(name, run, options = {}) {
  test(name, { timeout: TIMEOUT }, async () => {
    const profile = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
    profile.setDefaultTimeout(Number(process.env.STEP_TIMEOUT ?? TIMEOUT / 2));
    try {
      const page = await profile.newPage();
      const [errors, requests] = [[], []];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(String(error)));
      profile.on('request', (request) => requests.push(request.url()));
      await open(page);
      const loaded = requests.length;
      await run(page, profile);
      const reloads = new Set(requests.slice(0, loaded));
      const own = pathToFileURL(join(setting.page, '..')).href;
      const others = requests.filter((url) => !url.startsWith(own) && !url.startsWith('data:'));
      assert.deepEqual(others, [], 'requests to elsewhere');
      assert.deepEqual(requests.filter((url) => !reloads.has(url.split('#')[0])), [], 'later requests');
      assert.deepEqual(errors, [], 'errors in the console');
    } finally {
      await profile.close();
    }
  });
}

/** Loads the page, and waits until the engine runs. */
export async function open(page, hash = '') {
  await page.goto(address(hash));
  await page.getByRole('heading', { name: 'Configuration', exact: true }).waitFor();
}

/** The editor with this label. */
export const editor = (page, label) => page.getByRole('textbox', { name: label });

/** Replaces the text of an editor. */
export async function write(page, label, text) {
  const box = editor(page, label);
  await box.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Chooses an example of the menu. */
export const example = (page, title) => page.getByLabel('Examples').selectOption({ label: title });

/** The region of a card. */
export const card = (page, title) => page.getByRole('region', { name: title, exact: true });

/** Waits until the result has this status. */
export const status = (page, expected) =>
  card(page, 'Result').locator('.status').filter({ hasText: String(expected) }).waitFor();

/** Fails with the violations of accessibility rules. Without `preload`, which fetches style sheets. */
export async function accessible(page, label) {
  const { violations } = await new AxeBuilder({ page }).options({ preload: false }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.target} ${n.failureSummary}`)}`);
  assert.deepEqual(found, [], label);
}

/** Saves a picture for people. */
export async function picture(page, name) {
  mkdirSync(setting.screenshots, { recursive: true });
  await page.screenshot({ path: join(setting.screenshots, `${name}.png`), fullPage: true });
}
