// WebSockets. A page cannot set headers on them, so the token is in the query or a subprotocol.

import assert from 'node:assert/strict';

import { APP, FOREIGN, scenario } from './browser.js';
import { decided, setting, target } from './gateway.js';

const path = '/api/v1/wukongs/sun/console/ws';

/** The prefix in `websocket_protocols`. The token follows, encoded in base64url once more. */
const prefix = 'base64url.bearer.authorization.k8s.io.';
const tokenProtocol = prefix + Buffer.from(setting.token).toString('base64url');

/** Sends messages over a new WebSocket. Returns the echoed messages and the close code. */
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

/** A failed handshake. The page does not learn the reason. */
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

scenario('a WebSocket that offers only the token subprotocol fails', async (open) => {
  const page = await open(APP);
  const terminal = await target(path);
  assert.deepEqual(await talk(page, terminal, [tokenProtocol]), failure);
  // The gateway forwards the request, but the browser requires a selected subprotocol.
  assert.equal((await terminal.seen()).length, 1);
});

for (const [what, query, protocols, decision] of [
  ['without a token', '', ['console.v1'], 'no_token'],
  ['with an expired token', `?token=${setting.expiredToken}`, [], 'expired'],
  ['with a malformed token', '', ['console.v1', `${prefix}bm9uc2Vuc2U`], 'malformed_token'],
]) {
  scenario(`${what} no WebSocket opens`, async (open) => {
    const page = await open(APP);
    const terminal = await target(path + query);
    const counts = await decided(async () => {
      assert.deepEqual(await talk(page, terminal, protocols), failure);
    });
    assert.deepEqual(counts['jwt-auth'], { [decision]: 1 });
    assert.deepEqual(await terminal.seen(), []);
  });
}

// CORS does not cover WebSockets: browsers send no preflight and let every page read the messages.
// The token protects them, because a page on a disallowed origin has none.
scenario('a page on a disallowed origin needs a token to open a WebSocket', async (open) => {
  const page = await open(FOREIGN);
  const query = `?token=${setting.token}`;
  const { cors } = await decided(async () => {
    assert.deepEqual(await talk(page, await target(path + query)), conversation);
    assert.deepEqual(await talk(page, await target(path)), failure);
  });
  assert.deepEqual(cors, { not_allowed: 2 });
});
