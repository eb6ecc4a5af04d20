// The playground in both themes and on a phone: accessible, with pictures for people.

import assert from 'node:assert/strict';

import { accessible, card, example, picture, scenario, status, write } from './page.js';

for (const theme of ['light', 'dark']) {
  scenario(`the ${theme} theme is accessible`, async (page) => {
    await status(page, 200);
    await accessible(page, 'Try');
    await picture(page, `try-${theme}`);
    await page.getByRole('button', { name: 'Send ×10' }).click();
    await status(page, 429);
    await accessible(page, 'Try, after sending');
    await picture(page, `limited-${theme}`);
    for (const tab of ['Headers', 'Client and clock', 'Upstream']) {
      await page.getByRole('tab', { name: tab, exact: false }).first().click();
      await accessible(page, tab);
    }
    await write(page, /^Configuration of/, 'jwt_auth: {credentials: [], leway: 5}\n');
    await card(page, 'Result').getByText('Correct the configuration').waitFor();
    await accessible(page, 'Try, with errors');
    await picture(page, `errors-${theme}`);
    await example(page, 'Tokens of Keycloak, with roles');
    await status(page, 403);
    await picture(page, `keycloak-${theme}`);
    await page.getByRole('button', { name: 'Deploy' }).click();
    await accessible(page, 'Deploy');
    await picture(page, `deploy-${theme}`);
    await page.getByRole('button', { name: 'Convert', exact: true }).click();
    await card(page, 'Report').waitFor();
    await accessible(page, 'Convert');
    await picture(page, `convert-${theme}`);
  }, { colorScheme: theme });
}

scenario('a phone shows everything without scrolling sideways', async (page) => {
  await status(page, 200);
  for (const view of ['Try', 'Deploy', 'Convert']) {
    await page.getByRole('button', { name: view, exact: true }).click();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${view}: ${width}`);
    await accessible(page, `${view} on a phone`);
    await picture(page, `phone-${view.toLowerCase()}`);
  }
}, { viewport: { width: 390, height: 844 } });

scenario('the colours of a state are those of its own class', async (page) => {
  const differences = await page.evaluate(() => {
    const colours = (outer, inner) => {
      const box = document.createElement('div');
      box.className = outer;
      const part = box.appendChild(document.createElement('span'));
      part.className = inner;
      document.body.append(box);
      const { color, backgroundColor } = getComputedStyle(part);
      box.remove();
      return `${color} on ${backgroundColor}`;
    };
    const differences = [];
    for (const kind of ['pill', 'status', 'dot', 'hint', 'loading', 'empty', 'notice']) {
      for (const inner of [kind, `${kind} good`]) {
        for (const outer of ['bad', 'stop', 'added', 'notice warn']) {
          if (colours(outer, inner) !== colours('', inner)) differences.push(`${inner} in ${outer}`);
        }
      }
      if (kind !== 'notice' && colours('', kind) === colours('', `${kind} bad`)) differences.push(`${kind} bad`);
    }
    if (colours('bad', 'diff-sign') === colours('', 'diff-sign')) differences.push('diff-sign in bad');
    return differences;
  });
  assert.deepEqual(differences, []);
});
