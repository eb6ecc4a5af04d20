// The playground: configuration, request, token, result.

import assert from 'node:assert/strict';

import { address, card, editor, example, open, scenario, status, write } from './page.js';

const CONFIGURATION = /^Configuration of/;

scenario('the first example reaches the upstream', async (page) => {
  await status(page, 200);
  await card(page, 'Configuration').getByText('gateway accepts the configuration').waitFor();
  const way = page.getByRole('list', { name: 'The path of the request' });
  for (const filter of ['cors', 'jwt-auth', 'rate-limit', 'header-transform', 'upstream']) {
    await way.getByRole('button', { name: filter }).waitFor();
  }
});

scenario('errors are shown at their line, and disappear when corrected', async (page) => {
  await example(page, 'Tokens signed with a secret');
  await write(page, CONFIGURATION, 'credentials:\n- {key: a, secret: {env: KEY}}\nleway: 30\n');
  const finding = card(page, 'Configuration').getByRole('button', { name: /unknown field.*leeway/ });
  await finding.waitFor();
  assert.match(await finding.innerText(), /^3:1\s/);
  const underlined = page.locator('.cm-lintRange-error');
  assert.equal(await underlined.innerText(), 'leway');
  await card(page, 'Result').getByText('Correct the configuration').waitFor();
  // The button moves the cursor to the place.
  await finding.click();
  await page.keyboard.press('Shift+End');
  await page.keyboard.insertText('leeway: 30');
  await card(page, 'Configuration').getByText('jwt-auth accepts the configuration').waitFor();
  await status(page, 200);
});

scenario('fields and values are completed and described', async (page) => {
  await example(page, 'Rate limit against guessed passwords');
  await write(page, CONFIGURATION, 'minute: 5\nlimit_');
  await page.keyboard.press('Control+Space');
  const options = page.locator('.cm-tooltip-autocomplete .cm-completionLabel');
  await options.getByText('limit_by', { exact: true }).waitFor();
  await options.getByText('limit_by', { exact: true }).click();
  await page.keyboard.press('Control+Space');
  await options.getByText('consumer', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.cm-line', { hasText: 'minute' }).locator('span').first().hover();
  await page.locator('.cm-tooltip .field').getByText('Requests per minute').waitFor();
});

scenario('a limit rejects the requests over it, until its window ends', async (page) => {
  await example(page, 'Rate limit against guessed passwords');
  await status(page, 401);
  await page.getByRole('button', { name: 'Send ×10' }).click();
  await status(page, 429);
  const sent = page.locator('.history .dot');
  assert.deepEqual(await sent.allInnerTexts(), [...Array(5).fill('401'), ...Array(5).fill('429')]);
  await card(page, 'Result').locator('.decision-name').getByText(/rate-limit: limited/).waitFor();
  const limit = card(page, 'Result').getByRole('group', { name: 'Limits' });
  await limit.getByText('5 of 5').first().waitFor();
  // A higher limit, for the same requests.
  const text = await page.locator('.config .cm-content').innerText();
  await write(page, CONFIGURATION, text.replace('minute: 5', 'minute: 8'));
  await page.locator('.history .dot.bad').filter({ hasText: '429' }).nth(1).waitFor();
  assert.equal((await sent.allInnerTexts()).filter((one) => one === '429').length, 2);
  await page.getByRole('tab', { name: 'Client and clock' }).click();
  await page.getByRole('button', { name: '+1 min' }).click();
  await status(page, 401);
  await page.getByRole('button', { name: 'Reset counts' }).click();
  assert.equal(await sent.count(), 0);
});

scenario('a token is minted with the key of the configuration, and expires', async (page) => {
  await example(page, 'Tokens signed with a secret');
  await status(page, 200);
  const request = card(page, 'Request');
  await request.getByText('valid, by credentials[0] (my-issuer)').waitFor();
  await write(page, 'Claims of the token', '{"iss": "my-issuer", "sub": "bob", "exp": "now-60"}');
  await status(page, 401);
  await card(page, 'Result').getByText('jwt-auth: expired').waitFor();
  await write(page, 'Claims of the token', '{"iss": "my-issuer", "sub": "bob", "exp": "now+60"}');
  await status(page, 200);
  await page.getByRole('tab', { name: 'Upstream gets' }).click();
  await card(page, 'Result').getByText('x-user-id: bob').first().waitFor();
});

scenario('roles of Keycloak decide about a path', async (page) => {
  await example(page, 'Tokens of Keycloak, with roles');
  await status(page, 403);
  const claims = await editor(page, 'Claims of the token').innerText();
  await write(page, 'Claims of the token', claims.replace('"user"', '"admin"'));
  await status(page, 200);
});

scenario('a pasted token is decoded, and its unknown signature is not checked', async (page) => {
  await example(page, 'Tokens signed with a secret');
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'my-issuer', sub: 'carol', exp: 4_000_000_000 };
  const token = `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
  await page.getByText('Paste', { exact: true }).click();
  await page.getByLabel('Token, with or without Bearer').fill(`Bearer ${token}`);
  await status(page, 200);
  await card(page, 'Request').getByText('"sub": "carol"').waitFor();
  await card(page, 'Result').getByText(/Assumed: signature not checked/).first().waitFor();
  // With the secret, the signature is checked.
  await page.getByLabel('JWT_SECRET', { exact: true }).fill('a-secret-of-at-least-thirty-two-bytes');
  await status(page, 401);
});

scenario('a variable that is not set is an error with its remedy', async (page) => {
  await example(page, 'Tokens signed with a secret');
  await card(page, 'Configuration').getByText('Set', { exact: true }).click();
  await card(page, 'Configuration').getByRole('button', { name: /environment variable JWT_SECRET/ }).waitFor();
});

scenario('a link has the configuration and the request, and no secret', async (page, profile) => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln';
  const secret = 's3cret-s3cret-s3cret-s3cret-s3cret';
  await example(page, 'Tokens signed with a secret');
  await write(page, CONFIGURATION, `credentials:\n- {key: shared-issuer, secret: ${secret}}\n`);
  await page.getByLabel('URL').fill(`https://alice:passw0rd@api.example.com/shared?token=${token}`);
  await page.getByRole('tab', { name: 'Headers' }).click();
  const credentials = [['Authorization', 'Basic c2VjcmV0'], ['Cookie', 'session=0paque1'], ['X-Access-Token', '0paque2'],
    ['Referer', 'https://bob:passw0rd@b.example/?code=0paque3']];
  for (const [n, [name, value]] of credentials.entries()) {
    await page.getByRole('button', { name: '+ Add header' }).click();
    await page.getByLabel(`Request headers: name ${n + 1}`).fill(name);
    await page.getByLabel(`Request headers: value ${n + 1}`).fill(value);
  }
  await page.getByRole('button', { name: 'Share' }).click();
  await page.waitForURL(/#v1=/);
  const link = page.url();
  const other = await profile.newPage();
  await open(other, link.slice(address().length));
  assert.equal(await other.getByLabel('URL').inputValue(), 'https://api.example.com/shared?token=');
  const text = await other.locator('.config .cm-content').innerText();
  assert.match(text, /key: shared-issuer, secret: "\*+"/);
  await card(other, 'Configuration').getByText('jwt-auth accepts the configuration').waitFor();
  const state = await other.evaluate(unpacked, new URL(link).hash.slice(4));
  assert.ok(state.includes('https://b.example/?code='), state);
  for (const hidden of [token, secret, 'c2VjcmV0', 's3cret', 'passw0rd', '0paque']) {
    assert.ok(!state.includes(hidden), state);
  }
});

scenario('a broken link opens the first example', async (page, profile) => {
  const states = [{ filter: 1, request: { headers: 5 } }, { request: { upstreamStatus: 99 } }]
    .concat([1e300, -1, 0.5, 253_402_300_800_000].map((time) => ({ request: { time } })));
  const packedStates = await Promise.all(states.map((state) => page.evaluate(packed, state)));
  for (const hash of ['#v1=!', ...packedStates.map((one) => `#v1=${one}`)]) {
    const other = await profile.newPage();
    await open(other, hash);
    await other.getByRole('tab', { name: 'Client and clock' }).click();
    await other.getByLabel('Clock (UTC)').waitFor();
    await status(other, 200);
    await other.close();
  }
});

async function packed(state) {
  const stream = new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

async function unpacked(text) {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}
