// Opens the playground in a real browser and uses it as a person would:
//
//   node check.mjs http://localhost:8080 [--role LEADERSHIP] [--token ent_…] [--screenshot page.png]
//                  [--dark] [--width 1280] [--height 800] [--query '{ viewer { roles } }']
//
// With a token (or PLAYGROUND_TOKEN) it signs in by the dialog, else by the demo's person switch as the role (or
// PLAYGROUND_ROLE). CHROMIUM names another browser than /usr/bin/chromium. It exits with 1 and says what is wrong if
// the page asks another host, writes an error to the console, breaks its own content policy, keeps the token where it
// must not, does not complete, or does not show a result.
import { parseArgs } from 'node:util';
import { editorText, openBrowser, watch, write } from './browser.mjs';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    role: { type: 'string', default: process.env.PLAYGROUND_ROLE ?? 'LEADERSHIP' },
    token: { type: 'string', default: process.env.PLAYGROUND_TOKEN ?? '' },
    query: { type: 'string', default: '{ viewer { user { name } roles org { name } } deals(first: 3) { totalCount nodes { name } } }' },
    screenshot: { type: 'string' },
    dark: { type: 'boolean', default: false },
    width: { type: 'string', default: '1280' },
    height: { type: 'string', default: '800' },
  },
});
const base = positionals[0] ?? process.env.PLAYGROUND_URL;
if (!base) {
  console.error('Usage: node check.mjs <base URL> [--role ROLE | --token TOKEN] [--screenshot FILE] [--dark]');
  process.exit(2);
}

const problems = [];
const step = { now: 'starting the browser' };
const wait = { timeout: 15_000 };

async function signIn(page) {
  const people = page.getByRole('combobox', { name: 'Person' });
  if (args.token) {
    step.now = 'signing in with the token';
    await page.locator('header.bar').waitFor(wait);
    if (await people.isVisible()) await people.selectOption('token');
    await page.getByRole('textbox', { name: 'Token' }).fill(args.token);
    await page.keyboard.press('Enter');
    const said = page.getByRole('alert').filter({ hasText: /./ });
    const answer = await Promise.race([
      page.getByRole('dialog').waitFor({ state: 'hidden', ...wait }),
      said.waitFor(wait).then(() => said.innerText(), () => ''),
    ]);
    if (answer) throw new Error(`the dialog says: ${answer}`);
  } else {
    step.now = `switching to a person of role ${args.role}`;
    await people.waitFor(wait);
    const labels = await people.locator('option').allTextContents();
    const label = labels.find((l) => l.trim().endsWith(`— ${args.role}`));
    if (!label) throw new Error(`nobody of that role is offered, only ${labels.join('; ')}`);
    await people.selectOption({ label });
  }
  step.now = 'waiting for the bar to say who is signed in';
  await page.getByRole('button', { name: 'Sign out' }).waitFor(wait);
  const who = page.locator('.bar-who');
  await who.locator('strong').waitFor(wait);
  const facts = (await who.getAttribute('title')) ?? '';
  if (!args.token && !facts.includes(args.role)) throw new Error(`the bar says ${facts}`);
  return facts;
}

async function completes(page) {
  step.now = 'completing "{ vie" to viewer';
  await write(page, '{ vie');
  const offer = page.locator('.suggest-widget .monaco-list-row', { hasText: 'viewer' }).first();
  await offer.waitFor({ timeout: 3_000 }).catch(() => page.keyboard.press('Control+Space'));
  await offer.waitFor(wait);
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => globalThis.__MONACO.editor.getModels().some((m) => /^\{ viewer\b/.test(m.getValue())),
    undefined,
    wait
  );
}

async function runs(page) {
  step.now = 'running a query';
  await write(page, '');
  await page.keyboard.insertText(args.query);
  await page.keyboard.press('Control+Enter');
  const response = page.locator('.graphiql-response .view-lines');
  await response.getByText(/"(data|errors)"/).first().waitFor(wait);
  const result = JSON.parse(await editorText(page, 'response.json'));
  if (result.errors || !result.data) throw new Error(`the result has errors: ${JSON.stringify(result)}`);
  return result.data;
}

async function keepsToken(page) {
  step.now = 'looking where the token is kept';
  const [session, local, url] = await page.evaluate(() => [
    sessionStorage.getItem('entente.token'),
    JSON.stringify({ ...localStorage }),
    location.href,
  ]);
  if (!session) throw new Error('the token is not in the session storage');
  if (local.includes(session)) throw new Error('the token is in the local storage');
  if (url.includes(session)) throw new Error('the token is in the address');
}

async function fits(page) {
  step.now = 'measuring the bar';
  const boxes = await page.evaluate(() =>
    [...document.querySelectorAll('header.bar > *')]
      .map((e) => ({ name: e.getAttribute('class') ?? e.tagName, ...e.getBoundingClientRect().toJSON() }))
      .filter((b) => b.width > 0 && !b.name.includes('bar-space'))
  );
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) throw new Error('the page is wider than the window');
  for (const [i, b] of boxes.entries()) {
    if (b.right > Number(args.width) || b.left < 0) throw new Error(`${b.name} leaves the window`);
    const next = boxes[i + 1];
    if (next && next.left < b.right) throw new Error(`${b.name} overlaps ${next.name}`);
  }
}

async function main() {
  const url = new URL('/playground/', base);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({
      viewport: { width: Number(args.width), height: Number(args.height) },
      colorScheme: args.dark ? 'dark' : 'light',
    });
    await watch(page, url.host, problems);
    step.now = `opening ${url}`;
    await page.goto(url.href, { waitUntil: 'load', ...wait });
    if ((await page.title()) !== 'Entente playground') throw new Error(`the title is ${await page.title()}`);
    try {
      const who = await signIn(page);
      await completes(page);
      const data = await runs(page);
      await keepsToken(page);
      await fits(page);
      console.log(`signed in as ${who}; completion works; result: ${JSON.stringify(data)}`);
    } finally {
      await page.mouse.move(0, 0);
      await page.waitForTimeout(500);
      if (args.screenshot) await page.screenshot({ path: args.screenshot });
    }
  } finally {
    await browser.close();
  }
}

await main().catch((e) => problems.push(`${step.now}: ${e.message}`));
if (problems.length > 0) {
  console.error(`The playground fails its check:\n- ${[...new Set(problems)].join('\n- ')}`);
  process.exit(1);
}
