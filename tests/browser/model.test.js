// Random requests, compared with a model of the Fetch standard's CORS protocol: which ones need a
// preflight, which ones reach the upstream, and which responses a page may read.

import assert from 'node:assert/strict';

import { APP, CONSOLE, FOREIGN, REFUSED, SITE, call, scenario } from './browser.js';
import { setting, target } from './gateway.js';

const REQUESTS = 25;

// The shipped configuration.
const ORIGINS = [APP, CONSOLE];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'];
const HEADERS = ['authorization', 'content-type', 'x-client-type'];

/** Pseudo-random numbers below `max` (mulberry32), the same in each run. */
function numbers(seed) {
  let state = seed;
  return (max) => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), state | 1);
    n ^= n + Math.imul(n ^ (n >>> 7), n | 61);
    return ((n ^ (n >>> 14)) >>> 0) % max;
  };
}

/** Header lines that a page may try to send. */
const LINES = [
  ['Accept', 'text/html'],
  ['Accept', 'a'.repeat(129)],
  ['Content-Language', 'en'],
  ['Content-Language', 'en; "a"'],
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'text/plain; charset="utf-8"'],
  ['Content-Type', 'application/json'],
  ['Content-Type', 'multipart/form-data'],
  ['Authorization', `Bearer ${setting.token}`],
  ['X-Client-Type', 'web'],
  ['X-Other', '1'],
];

function randomRequest(below) {
  const method = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'put', 'patch'][below(8)];
  const headers = {};
  for (let count = below(3); count > 0; count -= 1) {
    const [name, value] = LINES[below(LINES.length)];
    headers[name] = value;
  }
  const credentials = ['omit', 'same-origin', 'include'][below(3)];
  const body = ['GET', 'HEAD'].includes(method) ? undefined : '{}';
  return { method, headers, credentials, body };
}

/** "CORS-safelisted request-header", without the total length, which no request here reaches. */
function isSafelisted([name, value]) {
  if (value.length > 128) return false;
  switch (name) {
    case 'Accept':
      return true;
    case 'Content-Language':
      return /^[0-9A-Za-z *,.;=-]*$/.test(value);
    case 'Content-Type': {
      const types = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
      // `"` is a CORS-unsafe request-header byte, except that Content-Type may contain it.
      return types.includes(value.split(';')[0]);
    }
    default:
      return false;
  }
}

/** What the standard says about a request from `origin` with a valid token in the query. */
function model(origin, { method, headers }) {
  const normalised = /^(delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
  const isSimple = ['GET', 'HEAD', 'POST'].includes(normalised);
  const unsafe = Object.entries(headers).filter((line) => !isSafelisted(line));
  const isAllowed = ORIGINS.includes(origin);
  const passes =
    (isSimple || METHODS.includes(normalised)) &&
    unsafe.every(([name]) => HEADERS.includes(name.toLowerCase()));
  const needsPreflight = !isSimple || unsafe.length > 0;
  const reaches = !needsPreflight || (isAllowed && passes);
  return { reaches, mayRead: reaches && isAllowed };
}

for (const [seed, origin] of [APP, CONSOLE, SITE, FOREIGN].entries()) {
  scenario(`${REQUESTS} random requests from ${origin} follow the standard`, async (open) => {
    const page = await open(origin);
    const below = numbers(seed);
    for (let n = 0; n < REQUESTS; n += 1) {
      const init = randomRequest(below);
      const expected = model(origin, init);
      const wukong = await target(`/api/v1/wukongs/moon?token=${setting.token}`, { status: 200 });
      const answer = await call(page, wukong, init);
      const what = JSON.stringify([origin, init]);
      if (expected.mayRead) assert.equal(answer.status, 200, `${what}: ${JSON.stringify(answer)}`);
      else assert.deepEqual(answer, REFUSED, what);
      assert.equal((await wukong.seen()).length, expected.reaches ? 1 : 0, what);
    }
  });
}
