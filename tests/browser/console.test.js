// WebSockets: a page cannot set their headers, so the token is in the query or a subprotocol.

import assert from 'node:assert/strict';

import { APP, FOREIGN, scenario } from './browser.js';
import { decided, setting, target } from './gateway.js';

const path = '/api/v1/wukongs/sun/console/ws';

/** What `websocket_protocols` names; the token follows in base64url once more. */
const prefix = 'base64url.bearer.authorization.k8s.io.';
const tokenProtocol = prefix + Buffer.from(setting.token).toString('base64url');

/** Says something in a new WebSocket and hears the answer, or how it failed. */
function talk(page, { url }, protocols = []) {
  return page.evaluate(
    ([url, protocols]) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, protocols);
        const heard = [];
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => {
          socket.send('hello');
          socket.send(new Uint8Array([0, 128, 255]));
        };
        socket.onmessage = ({ data }) => {
          heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
          if (heard.length === 2) socket.close(1000);
        };
        socket.onclose = ({ code }) => resolve({ heard, code, protocol: socket.protocol });
      }),
    [url.replace(/^https:/, 'wss:'), protocols],
  );
}

const conversation = { heard: ['hello', [0, 128, 255]], code: 1000, protocol: '' };

/** A handshake that failed: a page does not come to know why. */
const failure = { heard: [], code: 1006, protocol: '' };

scenario('a token in the query opens a WebSocket', async (open) => {
  const page = await open(APP);
  const terminal = await target(`${path}?token=${setting.token}`);
  assert.deepEqual(await talk(page, terminal), conversation);
  const [request] = await terminal.seen();
  assert(!request.path.includes('token='), request.path);
  assert.equal(request.headers['x-user-id'], 'alice');
});

scenario('a token in a subprotocol opens a WebSocket', async (open) => {
  const page = await open(APP);
  for (const protocols of [['console.v1', tokenProtocol], [tokenProtocol, 'console.v1']]) {
    const terminal = await target(path);
    const talked = await talk(page, terminal, protocols);
    assert.deepEqual(talked, { ...conversation, protocol: 'console.v1' });
    const [request] = await terminal.seen();
    assert.equal(request.headers['sec-websocket-protocol'], 'console.v1');
    assert.equal(request.headers['x-user-id'], 'alice');
  }
});

scenario('a token alone is no subprotocol that the upstream could select', async (open) => {
  const page = await open(APP);
  const terminal = await target(path);
  assert.deepEqual(await talk(page, terminal, [tokenProtocol]), failure);
  // It was let pass, but the browser wants an answer to what it offered.
  assert.equal((await terminal.seen()).length, 1);
});

for (const [what, query, protocols, decision] of [
  ['without a token', '', ['console.v1'], 'no_token'],
  ['with an expired token', `?token=${setting.expiredToken}`, [], 'expired'],
  ['with what is no token', '', ['console.v1', `${prefix}bm9uc2Vuc2U`], 'malformed_token'],
]) {
  scenario(`${what} there is no WebSocket`, async (open) => {
    const page = await open(APP);
    const terminal = await target(path + query);
    const counts = await decided(async () => {
      assert.deepEqual(await talk(page, terminal, protocols), failure);
    });
    assert.deepEqual(counts['jwt-auth'], { [decision]: 1 });
    assert.deepEqual(await terminal.seen(), []);
  });
}

// CORS is not for WebSockets: no preflight, and nothing that a page may not read. It is the token,
// which a foreign page does not have, that protects them.
scenario('a foreign page opens a WebSocket with a token only', async (open) => {
  const page = await open(FOREIGN);
  const query = `?token=${setting.token}`;
  const { cors } = await decided(async () => {
    assert.deepEqual(await talk(page, await target(path + query)), conversation);
    assert.deepEqual(await talk(page, await target(path)), failure);
  });
  assert.deepEqual(cors, { not_allowed: 2 });
});
