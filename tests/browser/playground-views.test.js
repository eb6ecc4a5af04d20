// The playground: examples, proxies, conversion, the theme and the keyboard.

import assert from 'node:assert/strict';

import { card, example, scenario, status } from './page.js';

const EXAMPLES = [
  ['All four filters as one chain', 200],
  ['Tokens of Keycloak, with roles', 403],
  ['Tokens signed with a secret', 200],
  ['Public paths, and scopes per route', 403],
  ['CORS for a single-page app: the preflight', 204],
  ['Rate limit against guessed passwords', 401],
  ['Rate limits by plan, a claim of the token', 200],
  ['Security headers on every response', 200],
];

scenario('every example is accepted', async (page) => {
  const titles = await page.getByLabel('Examples').locator('option').allInnerTexts();
  assert.deepEqual(titles.slice(1), EXAMPLES.map(([title]) => title));
  for (const [title, expected] of EXAMPLES) {
    await example(page, title);
    await card(page, 'Configuration').getByText('accepts the configuration').waitFor();
    await status(page, expected);
  }
});

scenario('the theme can be switched', async (page) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await background();
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  assert.notEqual(await background(), before);
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert.equal(await background(), before);
}, { colorScheme: 'light' });

scenario('the keyboard reaches the editor and leaves it', async (page) => {
  await page.getByLabel('Filter', { exact: true }).focus();
  await page.keyboard.press('Tab');
  const focused = () => page.evaluate(() => {
    const { activeElement } = document;
    return (activeElement.shadowRoot?.activeElement ?? activeElement).ariaLabel ?? '';
  });
  assert.match(await focused(), /^Configuration of/);
  await page.keyboard.press('Tab');
  assert.doesNotMatch(await focused(), /^Configuration of/);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('button', { name: /^Request 1: GET/ }).waitFor();
  // Arrows select tabs.
  await page.getByRole('tab', { name: 'Token' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'Headers', selected: true }).waitFor();
});

scenario('each proxy has its files, its faults and its differences', async (page) => {
  await example(page, 'Tokens of Keycloak, with roles');
  await page.getByRole('button', { name: 'Deploy' }).click();
  await page.getByText('code: {local: {filename: /etc/envoy/wasm/novasphere-jwt-auth.wasm}}').waitFor();
  await page.getByRole('tab', { name: 'Kong' }).click();
  await page.getByText('name: novasphere_jwt_auth').waitFor();
  await page.getByRole('tab', { name: 'Traefik' }).click();
  await page.getByText('Traefik rejects it:').waitFor();
  await page.getByText(/write the issuer's keys into credentials/).first().waitFor();
  await example(page, 'All four filters as one chain');
  await page.getByRole('button', { name: 'Deploy' }).click();
  await page.getByRole('tab', { name: 'Kong' }).click();
  const row = page.getByRole('row', { name: /^Kong/ });
  await row.getByText('200').waitFor();
});

scenario('the configuration of Kong is converted', async (page) => {
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  const to = card(page, 'To');
  await to.getByText('# Envoy 1.39 or later, with the gateway filter.').waitFor();
  await card(page, 'Report').getByText('converted').first().waitFor();
  await page.getByLabel('Convert to').selectOption('traefik');
  await to.getByText('# Traefik 3.7 or later: the dynamic configuration.').waitFor();
  await page.getByLabel('Convert from').selectOption('envoy');
  await page.getByLabel('Convert to').selectOption('filters');
  await to.getByText('https://id.example.com/realms/example').first().waitFor();
  await page.getByLabel('Convert from').selectOption('traefik');
  await to.getByText('rate_limit').first().waitFor();
});
