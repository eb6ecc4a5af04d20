// Starts Chromium and opens pages of any origin in it.
//
// All host names resolve to this machine, so that pages and API have the names, the ports and the
// scheme of the shipped configuration. This matters for:
// - Cookies. `https://app.novasphere.io` and `https://api.novasphere.io` are different origins on
//   the same site, so SameSite works as in production. (`127.0.0.1` and `localhost` are two sites.)
// - Secure contexts. Pages load over TLS, as `Secure` cookies and the mixed content rules require.
//   (On loopback names plain HTTP would also work, and hide mistakes.)
// - Local network access. Pages and API both have loopback addresses. No page accesses a more
//   private network than its own, so Chromium shows no permission prompt.

import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { setting } from './gateway.js';

/** The web app's origin in the shipped configuration. */
export const APP = 'https://app.novasphere.io';

/** An origin that the configuration's wildcard entry allows. */
export const CONSOLE = 'https://console.novasphere.io';

/** An origin on the same site that no entry allows. */
export const SITE = 'https://novasphere.io';

/** An origin on another site that no entry allows. */
export const FOREIGN = 'https://foreign.example';

/** The time limit of one scenario, in milliseconds. Pages are slow on a busy machine. */
const TIMEOUT = 1_200_000;

const certificate = readFileSync(setting.certificate);
const servers = [];
let browser;

async function serve(server) {
  servers.push(server);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server.address().port;
}

function answer(request, response) {
  response.setHeader('Content-Type', 'text/html');
  response.end('<!doctype html><title>page</title>');
}

before(async () => {
  const tls = { cert: certificate, key: readFileSync(setting.privateKey) };
  const securePort = await serve(https.createServer(tls, answer));
  const plainPort = await serve(http.createServer(answer));
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  browser = await chromium.launch({
    executablePath: setting.chromium,
    timeout: TIMEOUT / 2,
    chromiumSandbox: false, // does not work for root
    args: [
      `--host-resolver-rules=${[
        `MAP api.novasphere.io:443 ${setting.gateway}`,
        `MAP *:80 127.0.0.1:${plainPort}`,
        `MAP * 127.0.0.1:${securePort}`,
      ]}`,
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`,
      '--no-proxy-server',
      '--disable-gpu',
      '--disable-quic',
    ],
  });
});

after(async () => {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A test in a fresh browser profile. Passes `run` a function that opens a page of an origin. */
export function scenario(name, run) {
  test(name, { timeout: TIMEOUT }, async () => {
    const profile = await browser.newContext();
    profile.setDefaultTimeout(TIMEOUT / 2);
    try {
      await run(async (origin) => {
        const page = await profile.newPage();
        await page.goto(`${origin}/`);
        return page;
      });
    } finally {
      await profile.close();
    }
  });
}

/**
 * Calls `fetch` in a page or a frame. Returns the response, or the name of the error, which is all
 * that a page learns about a response it may not read.
 */
export function call(page, { url }, init = {}) {
  return page.evaluate(fetched, [url, init]);
}

async function fetched([url, init]) {
  try {
    const answer = await fetch(url, init);
    return {
      type: answer.type,
      url: answer.url,
      status: answer.status,
      redirected: answer.redirected,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    };
  } catch (error) {
    return { error: error.name };
  }
}

/** The result of `call` when the browser blocks the request or the response. */
export const REFUSED = { error: 'TypeError' };

/** Adds a frame with the opaque origin `null` to the page. */
export async function opaqueFrame(page, attributes) {
  const handle = await page.evaluateHandle(async (attributes) => {
    const frame = document.createElement('iframe');
    Object.assign(frame, attributes);
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.append(frame);
    await loaded;
    return frame;
  }, attributes);
  return handle.asElement().contentFrame();
}
