// `npm run check`: types, lint and fences, unused code, format, unit and integration tests. `npm test` adds e2e (--all).
// Every stage runs even when an earlier one failed, so that one run tells everything; the last line counts them all.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

const all = process.argv.includes('--all');
const reports = mkdtempSync(path.join(tmpdir(), 'platform-check-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];

const execute = (argv, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(127);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });

async function stage(title, argv, options = {}) {
  const since = Date.now();
  process.stdout.write(`\n--- ${title}\n`);
  const code = await execute(argv, options);
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  process.stdout.write(
    `--- ${title}: ${code === 0 ? 'ok' : `FAILED (code ${code})`} in ${((Date.now() - since) / 1000).toFixed(1)} s\n`,
  );
}

/** Adds a vitest report to the totals; a run that left no report counts as one failure. */
function count(file, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    totals.failed += 1;
    return;
  }
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  if (code !== 0 && report.numFailedTests === 0) totals.failed += 1;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === 'pending' || test.status === 'skipped')
        skips.push(`${path.relative('.', suite.name)}: ${test.fullName}`);
    }
  }
}

async function tests(project) {
  const since = Date.now();
  process.stdout.write(`\n--- ${project} tests\n`);
  const file = path.join(reports, `${project}.json`);
  const code = await execute([
    'vitest',
    'run',
    '--project',
    project,
    '--reporter',
    project === 'unit' ? 'dot' : 'verbose',
    '--reporter',
    'json',
    '--outputFile.json',
    file,
  ]);
  count(file, code);
  process.stdout.write(
    `--- ${project} tests: ${code === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - since) / 1000).toFixed(1)} s\n`,
  );
}

/** A folder that setup made from these files. */
function made(kind, ...files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(cache, 'platform', kind, hash.digest('hex').slice(0, 12));
}

/** Programs of a virtual environment that setup made. */
const pythonBin = (requirements) => path.join(made('python', `sandbox/${requirements}`), 'bin');

/** The contract suite of the local AWS: Python's own test runner in the virtual environment that setup made. */
async function awsContract() {
  const since = Date.now();
  process.stdout.write('\n--- local AWS contract suite\n');
  const python = path.join(pythonBin('requirements.txt'), 'python');
  let said = '';
  const code = await new Promise((resolve) => {
    const child = spawn(python, ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
      cwd: 'sandbox/aws',
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    child.on('error', () => resolve(127));
    child.stderr.on('data', (chunk) => {
      said += chunk;
      process.stderr.write(chunk);
    });
    child.on('exit', (status) => resolve(status ?? 1));
  });
  const ran = Number(/^Ran (\d+) tests?/m.exec(said)?.[1] ?? 0);
  const bad = ['failures', 'errors'].reduce(
    (sum, word) => sum + Number(new RegExp(`${word}=(\\d+)`).exec(said)?.[1] ?? 0),
    0,
  );
  const skipped = Number(/skipped=(\d+)/.exec(said)?.[1] ?? 0);
  totals.passed += ran - bad - skipped;
  totals.skipped += skipped;
  totals.failed += code !== 0 && bad === 0 ? 1 : bad;
  process.stdout.write(
    `--- local AWS contract suite: ${code === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - since) / 1000).toFixed(1)} s\n`,
  );
}

await stage('types', ['tsc', '-p', 'tsconfig.json']);
await stage('lint and fences', ['oxlint', '--type-aware', '--deny-warnings']);
await stage('unused code', ['knip']);
await stage('format', ['biome', 'check', '--error-on-warnings', '.']);
const linters = pythonBin('requirements-lint.txt');
const withLinters = { env: { ...process.env, PATH: `${linters}${path.delimiter}${process.env.PATH}` }, cwd: 'ansible' };
await stage('ansible-lint, production profile', [path.join(linters, 'ansible-lint'), '--offline', '-q'], withLinters);
await stage('yamllint', [path.join(linters, 'yamllint'), '--strict', '.'], withLinters);
const tflint = path.join(made('tflint', 'sandbox/lint/go.mod', 'sandbox/lint/go.sum'), 'tflint');
if (existsSync(tflint)) {
  const config = path.resolve('.tflint.hcl');
  await stage('tflint', [tflint, '--recursive', `--config=${config}`], { cwd: 'terraform' });
} else {
  totals.skipped += 1;
  skips.push('tflint of both Terraform roots (SKIPPED: it is built with Go, and Go was not found)');
}
await tests('unit');
await awsContract();
await tests('integration');
if (all) await tests('e2e');
rmSync(reports, { recursive: true, force: true });

if (skips.length > 0)
  process.stdout.write(
    `\nskipped, each with its reason in the name:\n${skips.map((skip) => `  ${skip}`).join('\n')}\n`,
  );
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
