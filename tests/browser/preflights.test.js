// What browsers ask about first (Fetch standard, "CORS-preflight fetch").

import assert from 'node:assert/strict';

import { APP, CONSOLE, REFUSED, call, scenario } from './browser.js';
import { authorization, decided, target } from './gateway.js';

const headers = { ...authorization, 'Content-Type': 'application/json', 'X-Client-Type': 'web' };
const body = '{"name":"moon"}';

for (const method of ['PUT', 'DELETE', 'POST']) {
  scenario(`${method} with a token, JSON and X-Client-Type is asked about`, async (open) => {
    const page = await open(APP);
    const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
    const counts = await decided(async () => {
      assert.equal((await call(page, wukong, { method, headers, body })).status, 200);
    });
    assert.deepEqual(counts.cors, { preflight_allowed: 1, allowed: 1 });
    // The preflight has no token and needs none, and it costs nothing of the quota.
    assert.deepEqual(counts['jwt-auth'], { allowed: 1 });
    assert.deepEqual(counts['rate-limit'], { allowed: 1 });
    const [request, ...others] = await wukong.seen();
    assert.deepEqual(others, []);
    assert.equal(request.method, method);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.equal(request.headers['x-client-type'], 'web');
    assert.equal(request.headers['x-user-id'], 'alice');
  });
}

scenario('with credentials it is the same', async (open) => {
  const page = await open(APP);
  const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
  const { cors } = await decided(async () => {
    const init = { method: 'PUT', headers, body, credentials: 'include' };
    assert.equal((await call(page, wukong, init)).status, 200);
  });
  assert.deepEqual(cors, { preflight_allowed: 1, allowed: 1 });
});

scenario('the answer to a preflight is kept for max_age', async (open) => {
  const page = await open(APP);
  const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
  const methods = ['PUT', 'PUT', 'DELETE', 'GET'];
  const { cors } = await decided(async () => {
    // It names all methods and headers, so that it is good for other requests as well.
    for (const method of methods) {
      const init = { method, headers, body: method === 'GET' ? undefined : body };
      assert.equal((await call(page, wukong, init)).status, 200);
    }
  });
  assert.deepEqual(cors, { preflight_allowed: 1, allowed: 4 });
  assert.deepEqual((await wukong.seen()).map(({ method }) => method), methods);
});

scenario('another page of the same site asks anew', async (open) => {
  const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
  const { cors } = await decided(async () => {
    for (const origin of [APP, CONSOLE]) {
      const answer = await call(await open(origin), wukong, { method: 'PUT', headers, body });
      assert.equal(answer.status, 200);
    }
  });
  assert.deepEqual(cors, { preflight_allowed: 2, allowed: 2 });
});

for (const [what, init, decision] of [
  ['a method', { method: 'PATCH', headers: authorization }, 'preflight_method'],
  ['a header', { headers: { ...authorization, 'X-Unlisted': '1' } }, 'preflight_headers'],
]) {
  scenario(`${what} outside the lists is refused by the browser`, async (open) => {
    const page = await open(APP);
    const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
    const counts = await decided(async () => {
      assert.deepEqual(await call(page, wukong, init), REFUSED);
    });
    // Nothing came of the preflight.
    assert.deepEqual(counts, { cors: { [decision]: 1 } });
    assert.deepEqual(await wukong.seen(), []);
  });
}
