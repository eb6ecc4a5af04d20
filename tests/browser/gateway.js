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

/** The filters add up decisions, and pass them on to Envoy within this time. */
const PASSED_ON_MS = 1_000;

/** Reads the counts until they have not changed for so long that no decision is missing. */
async function decisions() {
  const line = /^novasphere_decisions_total\{filter="(.+?)",decision="(.+?)"\} (\d+)$/gm;
  const read = async () => [...(await ask(setting.admin, '/stats/prometheus')).matchAll(line)];
  let counts = await read();
  let changed = Date.now();
  while (Date.now() < changed + 1.5 * PASSED_ON_MS) {
    await pause(50);
    const next = await read();
    if (next.join() !== counts.join()) changed = Date.now();
    counts = next;
  }
  return counts;
}

/**
 * Counts each filter's decisions while `act` runs: `{cors: {allowed: 1}}`, without zeros. A filter
 * decides before it responds, so every response that a page has received is counted.
 */
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
  const deadline = Date.now() + 10_000;
  while ((await ask(setting.admin, `/stats?filter=^${gauge}$`)).trim() !== `${gauge}: 0`) {
    assert(Date.now() < deadline, 'a request is still open at the upstream');
    await pause(20);
  }
}
