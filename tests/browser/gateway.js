// The gateway under test, its upstream, and what can be seen of both from outside the browser.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** What the Rust side has started. */
export const setting = JSON.parse(process.env.NOVASPHERE_SETTING ?? 'null');
assert(setting, 'started by make test-browser only');

/** Where pages reach the gateway. */
export const API = 'https://api.novasphere.io';

/** The header of a user whom jwt-auth lets pass. */
export const authorization = { Authorization: `Bearer ${setting.token}` };

async function ask(address, path, init) {
  const answer = await fetch(`http://${address}${path}`, init);
  const text = await answer.text();
  assert(answer.ok, `${path}: ${answer.status} ${text}`);
  return text;
}

/**
 * A target whose requests the upstream records.
 *
 * With `answer`, `{status, headers: [[name, value], …]}`, it answers so; otherwise as always.
 */
export async function target(path, answer = null) {
  const id = randomUUID();
  const record = `/exchanges/${id}`;
  await ask(setting.standin, record, { method: 'PUT', body: JSON.stringify(answer) });
  return {
    url: `${API}${path}${path.includes('?') ? '&' : '?'}exchange=${id}`,
    /** The requests that have reached the upstream. */
    async seen() {
      const seen = JSON.parse(await ask(setting.standin, record));
      return seen.map((request) => ({ ...request, headers: Object.fromEntries(request.headers) }));
    },
  };
}

async function decisions() {
  const line = /^novasphere_decisions\{filter="(.+?)",decision="(.+?)"\} (\d+)$/gm;
  return [...(await ask(setting.admin, '/stats/prometheus')).matchAll(line)];
}

/**
 * How often each filter decides what while `act` runs: `{cors: {allowed: 1}}`, without what comes
 * up never. A filter counts before it answers, so what a page has seen is counted.
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

/** Waits until the gateway has no request open at the upstream. */
export async function noRequestsActive() {
  const gauge = 'cluster.novasphere-api.upstream_rq_active';
  const deadline = Date.now() + 10_000;
  while ((await ask(setting.admin, `/stats?filter=^${gauge}$`)).trim() !== `${gauge}: 0`) {
    assert(Date.now() < deadline, 'a request is still open at the upstream');
    await pause(20);
  }
}
