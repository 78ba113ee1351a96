// Builds the page anew into a folder of its own and compares it with the committed build, file by file, as a client
// receives it: the compressed bytes may differ between versions of Node, what they unpack to may not.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const web = fileURLToPath(new URL('.', import.meta.url));
const fresh = mkdtempSync(join(tmpdir(), 'playground-'));

function read(dir) {
  const files = new Map();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const packed = path.endsWith('.br');
    files.set(relative(dir, packed ? path.slice(0, -3) : path), packed ? brotliDecompressSync(bytes) : bytes);
  }
  return files;
}

try {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: web, stdio: 'inherit', env: { ...process.env, PLAYGROUND_OUT: fresh } });
  const built = read(fresh);
  const committed = read(join(web, '../dist'));
  const names = new Set([...built.keys(), ...committed.keys()]);
  const wrong = [...names].filter((n) => !built.has(n) || !committed.has(n) || !built.get(n).equals(committed.get(n)));
  if (wrong.length > 0) {
    console.error(`dist is not what its sources build to: run npm run build and commit it.\n${wrong.join('\n')}`);
    process.exitCode = 1;
  } else {
    console.log(`${names.size} files are what their sources build to`);
  }
} finally {
  rmSync(fresh, { recursive: true });
}
