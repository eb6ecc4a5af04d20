// Preflights (Fetch standard, "CORS-preflight fetch").

import assert from 'node:assert/strict';

import { APP, CONSOLE, REFUSED, call, scenario } from './browser.js';
import { authorization, decided, target } from './gateway.js';

const headers = { ...authorization, 'Content-Type': 'application/json', 'X-Client-Type': 'web' };
const body = '{"name":"moon"}';

for (const method of ['PUT', 'DELETE', 'POST']) {
  scenario(`${method} with a token, JSON and X-Client-Type causes a preflight`, async (open) => {
    const page = await open(APP);
    const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
    const counts = await decided(async () => {
      assert.equal((await call(page, wukong, { method, headers, body })).status, 200);
    });
    assert.deepEqual(counts.cors, { preflight_allowed: 1, allowed: 1 });
    // The preflight needs no token and consumes no quota.
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

scenario('a request with credentials causes a preflight too', async (open) => {
  const page = await open(APP);
  const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
  const { cors } = await decided(async () => {
    const init = { method: 'PUT', headers, body, credentials: 'include' };
    assert.equal((await call(page, wukong, init)).status, 200);
  });
  assert.deepEqual(cors, { preflight_allowed: 1, allowed: 1 });
});

scenario('the browser caches a preflight response for max_age', async (open) => {
  const page = await open(APP);
  const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
  const methods = ['PUT', 'PUT', 'DELETE', 'GET'];
  const { cors } = await decided(async () => {
    // The response lists all methods and headers, so that it also covers other requests.
    for (const method of methods) {
      const init = { method, headers, body: method === 'GET' ? undefined : body };
      assert.equal((await call(page, wukong, init)).status, 200);
    }
  });
  assert.deepEqual(cors, { preflight_allowed: 1, allowed: 4 });
  assert.deepEqual((await wukong.seen()).map(({ method }) => method), methods);
});

scenario('a second origin on the same site sends its own preflight', async (open) => {
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
  scenario(`the browser blocks ${what} outside the lists`, async (open) => {
    const page = await open(APP);
    const wukong = await target('/api/v1/wukongs/moon', { status: 200 });
    const counts = await decided(async () => {
      assert.deepEqual(await call(page, wukong, init), REFUSED);
    });
    // No request follows the preflight. header-transform runs first.
    assert.deepEqual(counts, { 'header-transform': { passed: 1 }, cors: { [decision]: 1 } });
    assert.deepEqual(await wukong.seen(), []);
  });
}
