// Server-sent events pass all filters without buffering.

import assert from 'node:assert/strict';

import { APP, scenario } from './browser.js';
import { API, authorization, noRequestsActive, setting, target } from './gateway.js';

/** The number of events. The last one arrives although nothing follows it: the stream stays open. */
const COUNT = 3;
const path = `/api/v1/wukongs/sun/events?count=${COUNT}&open=1`;

function assertAll(events) {
  assert.deepEqual(events.map(({ n }) => n), [...Array(COUNT).keys()].map((n) => n + 1));
}

scenario('fetch reads events one by one, with Authorization', async (open) => {
  const page = await open(APP);
  const events = await page.evaluate(
    async ([url, count, headers]) => {
      const answer = await fetch(url, { headers });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = [];
      let text = '';
      while (events.length < count) {
        const { done, value } = await reader.read();
        if (done) break;
        text += value;
        const whole = text.split('\n\n');
        text = whole.pop();
        for (const event of whole) {
          const data = event.split('\n').find((line) => line.startsWith('data:'));
          events.push(JSON.parse(data.slice(5)));
        }
      }
      await reader.cancel();
      return events;
    },
    [API + path, COUNT, authorization],
  );
  assertAll(events);
});

scenario('a page that stops reading ends the request, up to the upstream', async (open) => {
  const page = await open(APP);
  const name = await page.evaluate(
    async ([url, headers]) => {
      const stop = new AbortController();
      const answer = await fetch(url, { headers, signal: stop.signal });
      const reader = answer.body.getReader();
      await reader.read();
      stop.abort();
      return reader.read().catch((error) => error.name);
    },
    [`${API}/api/v1/wukongs/sun/events?count=1000000`, authorization],
  );
  assert.equal(name, 'AbortError');
  await noRequestsActive();
});

for (const withCredentials of [false, true]) {
  const how = withCredentials ? 'with' : 'without';
  scenario(`EventSource ${how} credentials reads events one by one, with ?token=`, async (open) => {
    const page = await open(APP);
    const stream = await target(`${path}&token=${setting.token}`);
    const events = await page.evaluate(
      ([url, count, init]) =>
        new Promise((resolve, reject) => {
          const source = new EventSource(url, init);
          const events = [];
          source.addEventListener('wukong', ({ data }) => {
            events.push(JSON.parse(data));
            if (events.length === count) {
              source.close(); // otherwise it reconnects
              resolve(events);
            }
          });
          source.onerror = () => reject(new Error(`failed after ${events.length} events`));
        }),
      [stream.url, COUNT, { withCredentials }],
    );
    assertAll(events);
    const [request] = await stream.seen();
    assert(!request.path.includes('token='), request.path);
    assert.equal(request.headers['x-user-id'], 'alice');
  });
}

scenario('EventSource reconnects with Last-Event-ID', async (open) => {
  const page = await open(APP);
  const stream = await target(`/api/v1/wukongs/sun/events?count=1&token=${setting.token}`);
  await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const source = new EventSource(url);
        let heard = 0;
        source.addEventListener('wukong', () => {
          heard += 1;
          if (heard === 2) resolve(source.close());
        });
      }),
    stream.url,
  );
  const requests = await stream.seen();
  assert.deepEqual(requests.map(({ headers }) => headers['last-event-id']), [undefined, '1']);
});

scenario('EventSource without a token gives up', async (open) => {
  const page = await open(APP);
  const state = await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const source = new EventSource(url);
        source.onerror = () => resolve(source.readyState);
      }),
    API + path,
  );
  assert.equal(state, 2); // EventSource.CLOSED
});
