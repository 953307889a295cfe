#!/usr/bin/env node
// Old syntax on purpose: an old Node.js must be able to parse the words that turn it away.
import * as nodeModule from 'node:module';

var parts = process.versions.node.split('.');
var major = Number(parts[0]);
if (major < 24 || (major === 24 && Number(parts[1]) < 15)) {
  process.stderr.write(
    'platform needs Node.js 24.15 or newer; this is ' +
      process.versions.node +
      '.\n' +
      'Next: install Node.js 24 from https://nodejs.org/en/download; inside a clone, the npm scripts bring their own.\n',
  );
  process.exitCode = 4;
} else {
  // The compile cache takes about 15 ms off every start; it lives where Node.js puts it by default.
  nodeModule.enableCompileCache();
  import('../dist/main.js').catch(function (error) {
    process.stderr.write(
      'platform could not start: ' +
        error.message +
        '\nNext: run `npm run build` in the clone, or install the package again.\n',
    );
    process.exitCode = 1;
  });
}
