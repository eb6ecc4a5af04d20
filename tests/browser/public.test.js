// A public API: origins ["*"] without credentials.

import assert from 'node:assert/strict';

import { APP, FOREIGN, REFUSED, call, opaqueFrame, scenario } from './browser.js';
import { authorization, decided, target } from './gateway.js';

const pages = {
  [APP]: (open) => open(APP),
  [FOREIGN]: (open) => open(FOREIGN),
  'a sandboxed frame': async (open) =>
    opaqueFrame(await open(FOREIGN), { sandbox: 'allow-scripts', src: '/' }),
};

for (const [name, opened] of Object.entries(pages)) {
  scenario(`${name} uses any method and header, and reads all headers`, async (open) => {
    const page = await opened(open);
    const headers = [['X-Internal', 'for all'], ['ETag', '"1"']];
    const wukong = await target('/api/v1/wukongs/sun', { status: 200, headers });
    const { cors } = await decided(async () => {
      const init = { method: 'PATCH', headers: { ...authorization, 'X-Unlisted': '1' } };
      const answer = await call(page, wukong, init);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-internal'], 'for all');
      assert.equal(answer.headers.etag, '"1"');
    });
    assert.deepEqual(cors, { preflight_allowed: 1, allowed: 1 });
  });

  scenario(`${name} reads nothing with credentials`, async (open) => {
    const page = await opened(open);
    const wukongs = await target('/api/v1/wukongs');
    // With credentials, the Fetch standard does not accept `*`.
    assert.deepEqual(await call(page, wukongs, { credentials: 'include' }), REFUSED);
  });
}
