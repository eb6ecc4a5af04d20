// The gateway under test and its upstream, observed from outside the browser.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** Addresses, tokens and keys from the Rust test that started this process. */
export const setting = JSON.parse(process.env.NOVASPHERE_SETTING ?? 'null');
assert(setting, 'NOVASPHERE_SETTING is missing: run make test-browser');

/** The gateway's origin, as pages see it. */
export const API = 'https://api.novasphere.io';

/** The header with a valid token. */
export const authorization = { Authorization: `Bearer ${setting.token}` };

async function ask(address, path, init) {
  const answer = await fetch(`http://${address}${path}`, init);
  const text = await answer.text();
  assert(answer.ok, `${path}: ${answer.status} ${text}`);
  return text;
}

/**
 * Creates a target whose requests the upstream records.
 *
 * `answer`, `{status, headers: [[name, value], …]}`, replaces the upstream's default response.
 */
export async function target(path, answer = null) {
  const id = randomUUID();
  const record = `/exchanges/${id}`;
  await ask(setting.standin, record, { method: 'PUT', body: JSON.stringify(answer) });
  return {
    url: `${API}${path}${path.includes('?') ? '&' : '?'}exchange=${id}`,
    /** Returns the requests that have reached the upstream. */
    async seen() {
      const seen = JSON.parse(await ask(setting.standin, record));
      return seen.map((request) => ({ ...request, headers: Object.fromEntries(request.headers) }));
    },
  };
}

/** The time limit of a wait, in milliseconds. Envoy is slow on a busy machine. */
const PATIENCE = 120_000;

async function until(what, isTrue) {
  const deadline = Date.now() + PATIENCE;
  while (!(await isTrue())) {
    assert(Date.now() < deadline, what);
    await pause(50);
  }
}

/** Reads the counts once they contain all requests. The filters publish their counts once a second. */
async function decisions() {
  const line = /^novasphere_decisions_total\{filter="(.+?)",decision="(.+?)"\} (\d+)$/gm;
  const total = /^envoy_http_downstream_rq_total\{envoy_http_conn_manager_prefix="gateway"\} (\d+)$/m;
  let counts;
  await until('decisions are missing', async () => {
    const page = await ask(setting.admin, '/stats/prometheus');
    const requests = Number(page.match(total)[1]);
    counts = [...page.matchAll(line)];
    return isComplete(counts, requests);
  });
  return counts;
}

/** The decisions with which cors responds itself, as it does to preflights in every test here. */
const ANSWERED_BY_CORS = [
  'blocked',
  'preflight_allowed',
  'preflight_refused',
  'preflight_method',
  'preflight_headers',
];

/** The decisions with which jwt-auth passes a request on to rate-limit. */
const PASSED_BY_JWT_AUTH = ['allowed', 'preflight', 'skipped', 'optional', 'anonymous'];

/** The decisions with which rate-limit passes a request on to header-transform. */
const PASSED_BY_RATE_LIMIT = [
  'allowed',
  'not_limited',
  'exempt',
  'unresolved_allowed',
  'store_failed_allowed',
  'fallback_allowed',
];

/** Whether each filter of the chain has decided all requests that reached it. */
function isComplete(counts, requests) {
  const sum = (name, decisions = null) =>
    counts
      .filter(([, filter, decision]) => filter === name && (decisions?.includes(decision) ?? true))
      .reduce((total, [, , , count]) => total + Number(count), 0);
  return (
    sum('cors') >= requests &&
    sum('jwt-auth') >= requests - sum('cors', ANSWERED_BY_CORS) &&
    sum('rate-limit') >= sum('jwt-auth', PASSED_BY_JWT_AUTH) &&
    // header-transform runs both first and last.
    sum('header-transform') >= requests + sum('rate-limit', PASSED_BY_RATE_LIMIT)
  );
}

/** Counts each filter's decisions while `act` runs: `{cors: {allowed: 1}}`, without zeros. */
export async function decided(act) {
  const before = await decisions();
  await act();
  const grown = {};
  for (const [, filter, decision, count] of await decisions()) {
    const old = before.find((line) => line[1] === filter && line[2] === decision);
    const times = Number(count) - Number(old?.[3] ?? 0);
    if (times > 0) (grown[filter] ??= {})[decision] = times;
  }
  return grown;
}

/** Waits until the gateway has no open request at the upstream. */
export async function noRequestsActive() {
  const gauge = 'cluster.novasphere-api.upstream_rq_active';
  const none = async () =>
    (await ask(setting.admin, `/stats?filter=^${gauge}$`)).trim() === `${gauge}: 0`;
  await until('a request is still open at the upstream', none);
}
