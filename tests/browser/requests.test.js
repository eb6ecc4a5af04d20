// Requests that pages of the application can send, and responses they can read.

import assert from 'node:assert/strict';

import { APP, CONSOLE, FOREIGN, REFUSED, call, scenario } from './browser.js';
import { API, authorization, decided, setting, target } from './gateway.js';

for (const origin of [APP, CONSOLE]) {
  scenario(`${origin} reads the upstream's response`, async (open) => {
    const page = await open(origin);
    const answer = await call(page, { url: `${API}/api/v1/wukongs` }, { headers: authorization });
    assert.equal(answer.status, 200);
    assert.equal(answer.type, 'cors');
    const body = JSON.parse(answer.body);
    assert.deepEqual(body.items, [{ name: 'sun' }]);
    const received = Object.fromEntries(body.headers);
    assert.equal(received.origin, origin);
    assert.equal(received['x-user-id'], 'alice');
  });
}

scenario('a simple request causes no preflight', async (open) => {
  const page = await open(APP);
  const wukongs = await target(`/api/v1/wukongs?token=${setting.token}`);
  const init = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '{}' };
  const { cors } = await decided(async () => {
    assert.equal((await call(page, wukongs, init)).status, 201);
  });
  assert.deepEqual(cors, { allowed: 1 });
  assert.equal((await wukongs.seen()).length, 1);
});

scenario('a page reads the exposed headers and no others', async (open) => {
  const page = await open(APP);
  const wukongs = await target('/api/v1/wukongs', {
    status: 200,
    headers: [
      ['X-Auth-Token', 'renewed'],
      ['X-Internal', 'not for pages'],
      ['ETag', '"1"'],
      ['Content-Language', 'en'],
      // The filter replaces the upstream's own CORS headers.
      ['Access-Control-Expose-Headers', 'X-Internal, ETag'],
      ['Access-Control-Allow-Origin', '*'],
    ],
  });
  const { status, headers } = await call(page, wukongs, { headers: authorization });
  assert.equal(status, 200);
  assert.equal(headers['x-auth-token'], 'renewed');
  assert.match(headers.ratelimit, /^"minute";r=\d+;t=\d+$/);
  assert.equal(headers['ratelimit-policy'], '"minute";q=100;w=60, "hour";q=1000;w=3600');
  assert.equal(headers['content-language'], 'en'); // safelisted, readable without being exposed
  for (const name of ['x-internal', 'etag', 'date']) {
    assert(!(name in headers), name);
  }
});

scenario('a page reads a 404 from the upstream and from the gateway', async (open) => {
  const page = await open(APP);
  const upstream = await call(page, { url: `${API}/api/v1/nothing` }, { headers: authorization });
  assert.equal(upstream.status, 404);
  assert.equal(JSON.parse(upstream.body).message, 'Not Found');
  // No route matches this path.
  const gateway = await call(page, { url: `${API}/nothing` }, { headers: authorization });
  assert.equal(gateway.status, 404);
});

scenario('a redirect within the API is followed', async (open) => {
  const page = await open(APP);
  const location = [['Location', '/api/v1/wukongs']];
  const moved = await target('/api/v1/old', { status: 307, headers: location });
  const headers = { ...authorization, 'Content-Type': 'application/json' };
  const answer = await call(page, moved, { method: 'POST', headers, body: '{}' });
  assert.equal(answer.status, 201);
  assert.equal(answer.redirected, true);
  assert.equal(answer.url, `${API}/api/v1/wukongs`);
  assert.equal(JSON.parse(answer.body).method, 'POST');
});

scenario('a redirect to a site without CORS headers ends in an error', async (open) => {
  const page = await open(APP);
  const location = [['Location', `${FOREIGN}/`]];
  const moved = await target('/api/v1/old', { status: 302, headers: location });
  assert.deepEqual(await call(page, moved, { headers: authorization }), REFUSED);
  assert.equal((await moved.seen()).length, 1);
});

scenario('the browser does not reuse a cached response for another origin', async (open) => {
  // Both pages are on one site and share a cache. `Vary: Origin` separates their entries.
  const wukongs = await target('/api/v1/wukongs', {
    status: 200,
    headers: [['Cache-Control', 'max-age=600']],
  });
  const init = { headers: authorization };
  const app = await open(APP);
  assert.equal((await call(app, wukongs, init)).status, 200);
  assert.equal((await call(app, wukongs, init)).status, 200);
  assert.equal((await wukongs.seen()).length, 1, 'the browser caches the response');
  assert.equal((await call(await open(CONSOLE), wukongs, init)).status, 200);
  assert.equal((await wukongs.seen()).length, 2, 'another origin causes a new request');
});
