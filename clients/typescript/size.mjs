// Fails when the core entry, minified and compressed, is above its budget.
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';

const budget = 5760;
const file = new URL('dist/freshet-client.js', import.meta.url);
const code = readFileSync(file);
if (/^\s*import\b/m.test(code.toString()) || /\bfrom\s*["']\.\//.test(code.toString())) {
  console.error('freshet-client.js imports another file: the budget would not count it');
  process.exit(1);
}
const size = gzipSync(code, { level: 9 }).length;
console.log(`freshet-client.js: ${size} bytes of gzip, budget ${budget}`);
process.exit(size > budget ? 1 : 0);
