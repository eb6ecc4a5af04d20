// Sends the requests of all cases through the engine of the page. The Rust test compares the results.

import { readFileSync, writeFileSync } from 'node:fs';

import { scenario, setting } from './page.js';

/** The number of cases for each call of the page. */
const BATCH = 50;

scenario('the engine explains every case', async (page) => {
  const cases = JSON.parse(readFileSync(setting.cases.input));
  const results = [];
  for (let n = 0; n < cases.length; n += BATCH) {
    const batch = cases.slice(n, n + BATCH);
    results.push(...(await page.evaluate(explained, batch)));
  }
  writeFileSync(setting.cases.output, JSON.stringify(results));
});

function explained(cases) {
  return cases.map(({ setup, requests }) => {
    try {
      return globalThis.novasphere.send(setup, requests).map((explanation) => explanation.exact);
    } catch (error) {
      return requests.map(() => ({ error: String(error) }));
    }
  });
}
