// What pages of the application can do and read.

import assert from 'node:assert/strict';

import { APP, CONSOLE, FOREIGN, REFUSED, call, scenario } from './browser.js';
import { API, authorization, decided, setting, target } from './gateway.js';

for (const origin of [APP, CONSOLE]) {
  scenario(`${origin} reads what the upstream answers`, async (open) => {
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

scenario('a simple request goes without a preflight', async (open) => {
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
      // What the upstream exposes of its own is replaced.
      ['Access-Control-Expose-Headers', 'X-Internal, ETag'],
      ['Access-Control-Allow-Origin', '*'],
    ],
  });
  const { status, headers } = await call(page, wukongs, { headers: authorization });
  assert.equal(status, 200);
  assert.equal(headers['x-auth-token'], 'renewed');
  assert.match(headers['ratelimit-limit'], /^\d+$/);
  assert.match(headers['ratelimit-remaining'], /^\d+$/);
  assert.match(headers['ratelimit-reset'], /^\d+$/);
  assert.equal(headers['content-language'], 'en'); // safelisted, readable without being exposed
  for (const name of ['x-internal', 'etag', 'x-ratelimit-limit-minute', 'date']) {
    assert(!(name in headers), name);
  }
});

scenario('a page reads a 404 of the upstream, and one of the gateway', async (open) => {
  const page = await open(APP);
  const upstream = await call(page, { url: `${API}/api/v1/nothing` }, { headers: authorization });
  assert.equal(upstream.status, 404);
  assert.equal(JSON.parse(upstream.body).message, 'Not Found');
  // No route leads there.
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

scenario('a redirect to a site that allows nobody ends in an error', async (open) => {
  const page = await open(APP);
  const location = [['Location', `${FOREIGN}/`]];
  const moved = await target('/api/v1/old', { status: 302, headers: location });
  assert.deepEqual(await call(page, moved, { headers: authorization }), REFUSED);
  assert.equal((await moved.seen()).length, 1);
});

scenario('what the browser keeps for one origin it does not give to another', async (open) => {
  // Both pages are of one site and share a cache. `Vary: Origin` keeps them apart in it.
  const wukongs = await target('/api/v1/wukongs', {
    status: 200,
    headers: [['Cache-Control', 'max-age=600']],
  });
  const init = { headers: authorization };
  const app = await open(APP);
  assert.equal((await call(app, wukongs, init)).status, 200);
  assert.equal((await call(app, wukongs, init)).status, 200);
  assert.equal((await wukongs.seen()).length, 1, 'the browser keeps it');
  assert.equal((await call(await open(CONSOLE), wukongs, init)).status, 200);
  assert.equal((await wukongs.seen()).length, 2, 'and asks again for another origin');
});
