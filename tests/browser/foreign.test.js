// Pages on disallowed origins. Simple requests reach the upstream, but the page cannot read the
// responses. All other requests end with the preflight.

import assert from 'node:assert/strict';

import { APP, FOREIGN, REFUSED, SITE, call, opaqueFrame, scenario } from './browser.js';
import { API, authorization, decided, setting, target } from './gateway.js';

/** A page without scripts. */
const blank = '<!doctype html><title>frame</title>';

const origins = [
  FOREIGN,
  'https://app.novasphere.io.foreign.example',
  'https://notnovasphere.io',
  // The wildcard entry allows subdomains only.
  SITE,
  // A different scheme or port is a different origin.
  'http://app.novasphere.io',
  'https://app.novasphere.io:8443',
];

/** Ways to open such a page, by name. */
const pages = {
  ...Object.fromEntries(origins.map((origin) => [origin, (open) => open(origin)])),
  // These have the origin `null`, even inside the application.
  'a sandboxed frame': async (open) =>
    opaqueFrame(await open(APP), { sandbox: 'allow-scripts', srcdoc: blank }),
  'a sandboxed frame of the application': async (open) =>
    opaqueFrame(await open(APP), { sandbox: 'allow-scripts', src: '/' }),
  'a data: URL': async (open) => opaqueFrame(await open(APP), { src: `data:text/html,${blank}` }),
};

for (const [name, opened] of Object.entries(pages)) {
  scenario(`${name} reads nothing`, async (open) => {
    const page = await opened(open);
    // The token is in the URL, so that the browser sends no preflight.
    const wukongs = await target(`/api/v1/wukongs?token=${setting.token}`);
    const inits = [{}, { credentials: 'include' }, { method: 'POST', body: 'x' }];
    const { cors } = await decided(async () => {
      for (const init of inits) {
        assert.deepEqual(await call(page, wukongs, init), REFUSED);
      }
    });
    assert.deepEqual(cors, { not_allowed: 3 });
    const seen = await wukongs.seen();
    assert.equal(seen.length, 3);
    const origin = await page.evaluate(() => self.origin);
    assert(seen.every(({ headers }) => headers.origin === origin), origin);
  });

  scenario(`${name} cannot read the gateway's own responses`, async (open) => {
    const page = await opened(open);
    assert.deepEqual(await call(page, { url: `${API}/api/v1/wukongs` }), REFUSED);
  });

  scenario(`${name} gets nothing past a preflight`, async (open) => {
    const page = await opened(open);
    const wukong = await target('/api/v1/wukongs/sun', { status: 200 });
    const inits = [
      { headers: authorization },
      { method: 'DELETE' },
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' },
    ];
    const counts = await decided(async () => {
      for (const init of inits) {
        assert.deepEqual(await call(page, wukong, init), REFUSED);
      }
    });
    // header-transform runs first.
    assert.deepEqual(counts, { 'header-transform': { passed: 3 }, cors: { preflight_refused: 3 } });
    assert.deepEqual(await wukong.seen(), []);
  });
}

scenario('a response in mode no-cors is opaque', async (open) => {
  const page = await open(FOREIGN);
  const url = `${API}/api/v1/wukongs?token=${setting.token}`;
  const answer = await call(page, { url }, { mode: 'no-cors' });
  const opaque = { type: 'opaque', url: '', status: 0, redirected: false, headers: {}, body: '' };
  assert.deepEqual(answer, opaque);
});

scenario('an EventSource on a disallowed origin receives no event', async (open) => {
  const page = await open(FOREIGN);
  const events = await target(`/api/v1/wukongs/sun/events?token=${setting.token}`);
  const [state, heard] = await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const source = new EventSource(url);
        const heard = [];
        source.addEventListener('wukong', ({ data }) => heard.push(data));
        source.onopen = () => heard.push('open');
        source.onerror = () => resolve([source.readyState, heard]);
      }),
    events.url,
  );
  assert.deepEqual(heard, []);
  assert.equal(state, 2); // EventSource.CLOSED: it does not reconnect
  assert.equal((await events.seen()).length, 1);
});
