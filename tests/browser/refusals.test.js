// Rejections by the gateway, as a page sees them.

import assert from 'node:assert/strict';

import { APP, call, scenario } from './browser.js';
import { authorization, setting, target } from './gateway.js';

for (const [what, headers] of [
  ['without a token', {}],
  ['with an expired token', { Authorization: `Bearer ${setting.expiredToken}` }],
  ['with a malformed token', { Authorization: 'Bearer nonsense' }],
]) {
  scenario(`a page reads the 401 of a request ${what}`, async (open) => {
    const page = await open(APP);
    const wukongs = await target('/api/v1/wukongs');
    for (const credentials of ['omit', 'include']) {
      const answer = await call(page, wukongs, { headers, credentials });
      assert.equal(answer.status, 401);
      assert.equal(answer.type, 'cors');
      assert.deepEqual(JSON.parse(answer.body), { message: 'Unauthorized' });
      assert(!('www-authenticate' in answer.headers), 'it is not among the exposed headers');
    }
    assert.deepEqual(await wukongs.seen(), []);
  });
}

// Keep this scenario last, because it uses up the quota.
scenario('a page reads the 429 and its Retry-After', async (open) => {
  const page = await open(APP);
  const wukongs = await target('/api/v1/wukongs', { status: 200 });
  const answers = [];
  // The limit is 10 per minute. If a new minute starts meanwhile, another 10 pass.
  while (answers.length < 22 && answers.at(-1)?.status !== 429) {
    answers.push(await call(page, wukongs, { headers: authorization }));
  }
  const refused = answers.pop();
  assert.equal(refused.status, 429);
  assert.equal(refused.type, 'cors');
  assert.deepEqual(JSON.parse(refused.body), { message: 'API rate limit exceeded' });
  const wait = Number(refused.headers['retry-after']);
  assert(wait >= 1 && wait <= 60, refused.headers['retry-after']);
  assert.match(refused.headers.ratelimit, /^"minute";r=0;t=\d+$/);
  assert(answers.every(({ status }) => status === 200));
  assert(answers.length <= 20, `${answers.length} have passed`);
  assert.equal((await wukongs.seen()).length, answers.length);
});
