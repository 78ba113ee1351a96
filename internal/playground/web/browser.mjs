// What the checks share: a browser with an empty profile, and what may never happen in it.
import { chromium } from 'playwright-core';

/** CHROMIUM names another browser than Debian's. */
export const openBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** Everything that may not happen, at any time, in the page or its workers. */
export async function watch(page, host, problems) {
  const own = (url) => /^(data|blob|about):/.test(url) || new URL(url).host === host;
  page.on('request', (r) => own(r.url()) || problems.push(`a request to another host: ${r.url()}`));
  page.on('websocket', (s) => own(s.url()) || problems.push(`a socket to another host: ${s.url()}`));
  page.on('pageerror', (e) => problems.push(`an error in the page: ${e.stack ?? e}`));
  page.on('console', (m) => m.type() === 'error' && problems.push(`an error on the console: ${m.text()}`));
  page.on('response', (r) => r.status() >= 400 && problems.push(`status ${r.status()} for ${r.url()}`));
  await page.exposeFunction('reportViolation', (text) => problems.push(`the content policy was broken: ${text}`));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (e) =>
      window.reportViolation(`${e.violatedDirective} by ${e.blockedURI} (${e.sourceFile}:${e.lineNumber})`)
    )
  );
}

/** The text of one of GraphiQL's editors, whole: the page itself holds only the lines in view. */
export const editorText = (page, name) =>
  page.evaluate((n) => globalThis.__MONACO?.editor.getModels().find((m) => m.uri.path.endsWith(n))?.getValue() ?? '', name);

export async function write(page, text) {
  await page.locator('.graphiql-query-editor .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text, { delay: 30 });
}

