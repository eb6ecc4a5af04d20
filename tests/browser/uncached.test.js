// With max_age: 0, the browser caches no preflight.

import assert from 'node:assert/strict';

import { APP, call, scenario } from './browser.js';
import { authorization, decided, target } from './gateway.js';

scenario('every request causes its own preflight', async (open) => {
  const page = await open(APP);
  const wukong = await target('/api/v1/wukongs/sun', { status: 200 });
  const { cors } = await decided(async () => {
    for (let n = 0; n < 3; n += 1) {
      assert.equal((await call(page, wukong, { headers: authorization })).status, 200);
    }
  });
  assert.deepEqual(cors, { preflight_allowed: 3, allowed: 3 });
});
