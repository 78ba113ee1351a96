// Checks what the page does with people, tokens and results, over the small API of dev-server.mjs and the demo of
// browser_test.go: node behave.mjs <base URL> [screenshot folder]. It exits with 1 and names the step that failed.
import assert from 'node:assert/strict';
import { editorText, openBrowser, watch, write } from './browser.mjs';

const [base, shots] = process.argv.slice(2);
const host = new URL(base).host;
const problems = [];
const posts = [];
const response = (page) => editorText(page, 'response.json');
const query = (page) => editorText(page, 'operation.graphql');
const bar = (page) => page.locator('.bar-who').innerText();
const become = (page, label) => page.getByRole('combobox', { name: 'Person' }).selectOption({ label });
const run = (page) => page.keyboard.press('Control+Enter');
const shoot = (page, name) => shots && page.screenshot({ path: `${shots}/behave-${name}.png` });

/** Waits until the text that read gives satisfies the pattern. */
async function until(read, pattern) {
  let text = '';
  for (let i = 0; i < 100; i++) {
    text = await read();
    if (pattern.test(text)) return text;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`expected ${pattern}, found ${JSON.stringify(text)}`);
}

async function ask(page, text) {
  await write(page, '');
  await page.keyboard.insertText(text);
  await run(page);
}

const steps = {
  'the first load is the first person with the first question': async (page) => {
    await until(() => bar(page), /^Dana Ortiz\nHead of Revenue Operations · Northwind Revenue$/);
    await until(() => query(page), /query LargestDeals/);
    await until(() => editorText(page, 'variables.json'), /^\{"n": 3\}$/);
    assert.equal(await response(page), '');
  },
  'the button runs it': async (page) => {
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await until(() => response(page), /Blue Harbor pilot/);
  },
  'a question opens in a tab by keyboard, and the editor has the focus': async (page) => {
    await page.getByRole('button', { name: 'Questions' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem').first().waitFor();
    await shoot(page, 'questions');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until(() => query(page), /query WhoAmI/);
    assert.equal(await page.getByRole('tab').count(), 2);
    await run(page);
    await until(() => response(page), /Dana Ortiz/);
  },
  'another person gets an answer of their own': async (page) => {
    await become(page, 'Sam Whitfield — SALES');
    const text = await until(() => response(page), /Sam Whitfield/);
    assert.doesNotMatch(text, /Dana/);
    await until(() => bar(page), /^Sam Whitfield/);
  },
  'the other tabs forget what the person before saw': async (page) => {
    await page.getByRole('tab', { name: 'LargestDeals' }).click();
    await until(() => query(page), /LargestDeals/);
    assert.equal(await response(page), '');
    await until(() => editorText(page, 'variables.json'), /^\{"n": 3\}$/);
  },
  'an answer under way does not reach the next person': async (page) => {
    await ask(page, '{ slow(ms: 800) }');
    await page.waitForTimeout(200);
    await become(page, 'Ruth Adeyemi — LEADERSHIP');
    const seen = new Set();
    for (let i = 0; i < 20; i++) {
      seen.add(await response(page));
      await page.waitForTimeout(100);
    }
    assert.deepEqual([...seen].filter((s) => s.includes('SALES')), []);
    await until(() => response(page), /for LEADERSHIP/);
  },
  'Stop ends a request': async (page) => {
    await ask(page, '{ slow(ms: 60000) }');
    const failed = page.waitForEvent('requestfailed');
    await page.getByRole('button', { name: /^Stop query/ }).click();
    await failed;
    await page.getByRole('button', { name: /^Execute query/ }).waitFor();
  },
  'a mutation is not sent again for another person': async (page) => {
    await ask(page, 'mutation { rename(deal: "deal_1", name: "Renamed") { id name } }');
    await until(() => response(page), /Renamed/);
    await become(page, 'Dana Ortiz — OPS');
    await until(() => response(page), /^$/);
    await page.waitForTimeout(500);
    assert.equal(posts.filter((p) => p.includes('rename(')).length, 1);
  },
  'a subscription shows its events': async (page) => {
    await ask(page, 'subscription { ticks(count: 4) }');
    await until(() => response(page), /"ticks": 4/);
    await page.getByRole('button', { name: /^Execute query/ }).waitFor();
  },
  'errors are shown as the API words them': async (page) => {
    await ask(page, '{ deals(first: 0) { totalCount } }');
    await until(() => response(page), /first must be 1 to 100/);
  },
  'the schema was read once': async () => {
    assert.equal(posts.filter((p) => p.includes('IntrospectionQuery')).length, 1);
  },
  'no headers can be edited': async (page) => {
    assert.equal(await page.getByText('Headers', { exact: true }).count(), 0);
  },
  'the documentation shows descriptions': async (page) => {
    await page.getByRole('button', { name: /Show Documentation Explorer/i }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).click();
    await page.getByText('Where every question starts.').waitFor();
    await page.getByText('Deals the viewer may see, newest first.').waitFor();
    await page.getByRole('button', { name: /Explorer/ }).last().click();
    await page.locator('.graphiql-explorer-root').waitFor();
    await shoot(page, 'explorer');
    await page.getByRole('button', { name: /Hide GraphiQL Explorer/i }).click();
  },
  'the editors follow the system to dark and back': async (page) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('.graphiql-query-editor .monaco-editor.vs-dark').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('.graphiql-query-editor .monaco-editor.vs').waitFor();
  },
  'a reload keeps the person and the tabs, and no result': async (page) => {
    await ask(page, '{ viewer { user { name } } }');
    await until(() => response(page), /Dana/);
    await page.waitForTimeout(1200);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.doesNotMatch(kept, /demo-|Dana|Hallmark/);
    await page.reload();
    await until(() => bar(page), /^Dana Ortiz/);
    await until(() => query(page), /viewer/);
    assert.equal(await page.getByRole('tab').count(), 2);
    assert.equal(await response(page), '');
  },
  'signing out asks for a token and forgets everything': async (page) => {
    await run(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
    assert.equal(await response(page), '');
    assert.equal(await page.evaluate(() => JSON.stringify({ ...sessionStorage })), '{}');
    await until(() => bar(page), /^Not signed in$/);
  },
  'the dialog keeps the focus': async (page) => {
    const inside = () => page.evaluate(() => document.activeElement.closest('[role=dialog]') !== null);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'token');
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press('Tab');
      assert.ok(await inside());
    }
  },
  'a wrong token shows what the API says': async (page) => {
    const token = page.getByRole('textbox', { name: 'Token' });
    await token.fill('ent_wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This token is unknown, revoked or expired. Sign in with another one.').waitFor();
    await shoot(page, 'refused');
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(page, 'refused-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    assert.equal(await page.evaluate(() => JSON.stringify({ ...sessionStorage })), '{}');
  },
  'Escape closes the dialog, the button opens it': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('dialog').waitFor();
  },
  'a service token signs in and shows its roles': async (page) => {
    await page.getByRole('textbox', { name: 'Token' }).fill(' Bearer ent_service ');
    await page.keyboard.press('Enter');
    await until(() => bar(page), /^Service token\nINTEGRATION · Northwind Revenue$/);
    await ask(page, '{ viewer { roles } }');
    await until(() => response(page), /INTEGRATION/);
    await shoot(page, 'service');
  },
  'a token that is revoked later brings the dialog back': async (page) => {
    await page.route('**/graphql', (route) =>
      route.fulfill({ status: 401, json: { errors: [{ message: 'This token was revoked.', extensions: { code: 'UNAUTHENTICATED' } }] } })
    );
    await ask(page, '{ viewer { roles } }');
    await page.getByRole('alert').getByText('This token was revoked.').waitFor();
    await page.unroute('**/graphql');
  },
  'a server that is gone is said to be': async (page) => {
    await page.keyboard.press('Escape');
    await become(page, 'Dana Ortiz — OPS');
    await until(() => bar(page), /^Dana Ortiz/);
    await page.route('**/graphql', (route) => route.abort());
    await ask(page, '{ viewer { roles } }');
    assert.doesNotMatch(await until(() => response(page), /The server cannot be reached/), /stack/);
    await become(page, 'Sam Whitfield — SALES');
    await until(() => bar(page), /The server cannot be reached/);
    await shoot(page, 'gone');
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await until(() => bar(page), /^Sam Whitfield/);
    await page.route('**/graphql', (route) => route.fulfill({ status: 503, headers: { 'Retry-After': '2' }, body: 'busy' }));
    await ask(page, '{ viewer { roles } }');
    await until(() => response(page), /status 503 and no result. Try again in 2 seconds/);
  },
  'a token of an earlier demo gives way to the first person': async (page) => {
    await page.unroute('**/graphql');
    await page.evaluate(() => sessionStorage.setItem('entente.token', 'demo-of-before'));
    await page.reload();
    await until(() => bar(page), /^Dana Ortiz/);
    await ask(page, '{ viewer { roles } }');
    await until(() => response(page), /OPS/);
  },
};

const browser = await openBrowser();
let now = 'opening the page';
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  page.setDefaultTimeout(10_000);
  await watch(page, host, problems);
  page.on('request', (r) => r.method() === 'POST' && posts.push(r.postData() ?? ''));
  await page.goto(new URL('/playground', base).href);
  for (const [name, step] of Object.entries(steps)) {
    now = name;
    await step(page).catch(async (e) => {
      await shoot(page, 'failed');
      throw e;
    });
  }
  console.log(`${Object.keys(steps).length} steps passed`);
} catch (e) {
  problems.push(`${now}: ${e.stack}`);
} finally {
  await browser.close();
}
// These steps provoke 401 and 503 answers and broken connections, which a browser logs by itself.
const real = problems.filter((p) => !/status (of )?(401|503)|net::ERR_FAILED/.test(p));
if (real.length > 0) {
  console.error(`- ${real.join('\n- ')}`);
  process.exit(1);
}
