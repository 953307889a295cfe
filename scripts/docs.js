// Writes what docs/ derives from the program. `npm run docs`; a unit test fails when someone forgot.
import { writeFileSync } from 'node:fs';
import { documents } from './documents.ts';

for (const [path, text] of Object.entries(documents())) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  process.stderr.write(`wrote ${path}\n`);
}
