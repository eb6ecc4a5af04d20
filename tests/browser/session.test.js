// Cookies. One of them carries the token.

import assert from 'node:assert/strict';

import { APP, CONSOLE, FOREIGN, REFUSED, SITE, call, scenario } from './browser.js';
import { authorization, decided, setting, target } from './gateway.js';

/** Signs in: the upstream sets the cookie. */
async function signIn(page, sameSite) {
  const cookie = `session=${setting.token}; Path=/; Secure; HttpOnly; SameSite=${sameSite}`;
  const login = await target('/api/v1/login', { status: 204, headers: [['Set-Cookie', cookie]] });
  const init = { method: 'POST', headers: authorization, credentials: 'include' };
  assert.equal((await call(page, login, init)).status, 204);
}

scenario('a cookie authenticates a request with credentials', async (open) => {
  const page = await open(APP);
  await signIn(page, 'Lax');
  const wukongs = await target('/api/v1/wukongs');
  const { cors } = await decided(async () => {
    const answer = await call(page, wukongs, { credentials: 'include' });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body).items, [{ name: 'sun' }]);
    assert(!('set-cookie' in answer.headers));
  });
  assert.deepEqual(cors, { allowed: 1 }, 'no preflight');
  const [request] = await wukongs.seen();
  assert.equal(request.headers['x-user-id'], 'alice');
});

scenario('a cookie authenticates a request after its preflight', async (open) => {
  const page = await open(CONSOLE);
  await signIn(page, 'Lax');
  const wukong = await target('/api/v1/wukongs/sun', { status: 200 });
  const { cors } = await decided(async () => {
    const init = { method: 'DELETE', credentials: 'include' };
    assert.equal((await call(page, wukong, init)).status, 200);
  });
  assert.deepEqual(cors, { preflight_allowed: 1, allowed: 1 });
});

for (const credentials of ['omit', 'same-origin']) {
  scenario(`with credentials: ${credentials} the browser sends no cookie`, async (open) => {
    const page = await open(APP);
    await signIn(page, 'Lax');
    const wukongs = await target('/api/v1/wukongs');
    assert.equal((await call(page, wukongs, { credentials })).status, 401);
    assert.deepEqual(await wukongs.seen(), []);
  });
}

scenario('the browser drops a cookie from a response without credentials', async (open) => {
  const page = await open(APP);
  const headers = [['Set-Cookie', `session=${setting.token}; Path=/; Secure`]];
  const login = await target('/api/v1/login', { status: 204, headers });
  assert.equal((await call(page, login, { method: 'POST', headers: authorization })).status, 204);
  const wukongs = await target('/api/v1/wukongs');
  assert.equal((await call(page, wukongs, { credentials: 'include' })).status, 401);
});

scenario('EventSource with credentials needs no token in its URL', async (open) => {
  const page = await open(APP);
  await signIn(page, 'Lax');
  const events = await target('/api/v1/wukongs/sun/events?count=1');
  const data = await page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const source = new EventSource(url, { withCredentials: true });
        source.onerror = () => reject(new Error('failed'));
        source.addEventListener('wukong', ({ data }) => {
          source.close();
          resolve(data);
        });
      }),
    events.url,
  );
  assert.equal(JSON.parse(data).n, 1);
});

scenario('the browser sends no cookie for a page on another site', async (open) => {
  await signIn(await open(APP), 'Lax');
  const wukongs = await target('/api/v1/wukongs');
  const counts = await decided(async () => {
    const answer = await call(await open(FOREIGN), wukongs, { credentials: 'include' });
    assert.deepEqual(answer, REFUSED);
  });
  assert.deepEqual(counts['jwt-auth'], { no_token: 1 });
  assert.deepEqual(await wukongs.seen(), []);
});

// SameSite does not protect against other origins on the same site, but CORS does: their simple
// requests carry the cookie, but they cannot read the responses or pass a preflight.
scenario('a page on a disallowed origin of the same site reads nothing', async (open) => {
  await signIn(await open(APP), 'Strict');
  const page = await open(SITE);
  const wukongs = await target('/api/v1/wukongs');
  const counts = await decided(async () => {
    assert.deepEqual(await call(page, wukongs, { credentials: 'include' }), REFUSED);
    const init = { method: 'DELETE', credentials: 'include' };
    assert.deepEqual(await call(page, wukongs, init), REFUSED);
  });
  assert.deepEqual(counts.cors, { not_allowed: 1, preflight_refused: 1 });
  assert.deepEqual(counts['jwt-auth'], { allowed: 1 });
  assert.deepEqual((await wukongs.seen()).map(({ method }) => method), ['GET']);
});
