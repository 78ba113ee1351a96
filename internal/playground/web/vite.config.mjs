import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

const fontCache = fileURLToPath(new URL('node_modules/.fonts/', import.meta.url));

// The scripts a revenue team writes in; other scripts fall back to the system's fonts.
const keptRanges = ['U+0000-00FF', 'U+0100-024F'];

// ownFonts turns the fonts that GraphiQL's style sheet carries as data: URLs into files of our own, so that the
// page's policy can say font-src 'self', and drops the subsets that are not kept.
function ownFonts() {
  return {
    name: 'own-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/\.css$/.test(id) || !code.includes('@font-face')) return null;
      const kept = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => {
        const range = /unicode-range:\s*([^;}]*)/.exec(face)?.[1];
        return !range || keptRanges.some((k) => range.includes(k)) ? face : '';
      });
      mkdirSync(fontCache, { recursive: true });
      return kept.replace(/url\(data:font\/(\w+);base64,([^)]*)\)/g, (_, kind, data) => {
        const bytes = Buffer.from(data, 'base64');
        const file = `${fontCache}font-${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}.${kind}`;
        writeFileSync(file, bytes);
        return `url(${JSON.stringify(file)})`;
      });
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [ownFonts(), react()],
  worker: { format: 'es' },
  build: {
    outDir: process.env.PLAYGROUND_OUT ?? '../dist',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rollupOptions: {
      // GraphiQL's modules carry a directive for its own compiler, which means nothing by now.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
});
