// Compresses the build and records which sources it was made from.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const web = fileURLToPath(new URL('.', import.meta.url));
const dist = resolve(web, process.env.PLAYGROUND_OUT ?? '../dist');

// Files beside the sources that the build does not read. build_test.go holds the same list.
const notBuilt = ['behave.mjs', 'browser.mjs', 'check.mjs', 'dev-server.mjs', 'verify.mjs', 'README.md'];

const walk = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? (e.name === 'node_modules' ? [] : walk(join(dir, e.name))) : [join(dir, e.name)]
  );

let before = 0;
let after = 0;
for (const file of walk(dist)) {
  const raw = readFileSync(file);
  const packed = brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
  before += raw.length;
  // What does not shrink (woff2 is brotli inside) stays as it is.
  if (packed.length > raw.length * 0.97) {
    after += raw.length;
    continue;
  }
  after += packed.length;
  writeFileSync(`${file}.br`, packed);
  rmSync(file);
}

const lines = walk(web)
  .map((f) => relative(web, f).split(sep).join('/'))
  .filter((f) => !notBuilt.includes(f))
  .sort()
  .map((f) => `${createHash('sha256').update(readFileSync(join(web, f))).digest('hex')}  ${f}\n`);
writeFileSync(join(dist, 'sources.sha256'), lines.join(''));
console.log(`packed ${before} bytes to ${after}, from ${lines.length} sources`);
