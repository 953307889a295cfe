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

/** Resolves to the exit code; what is said goes to the terminal, or piece by piece to `hear`. */
const execute = (argv, options = {}, hear) =>
  new Promise((resolve) => {
    const out = hear === undefined ? 'inherit' : 'pipe';
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', out, out], ...options });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });

/** What the stages beside the others have said: each is told whole, when no other is speaking. */
const beside = [];
const tellBeside = () => process.stdout.write(beside.splice(0).join(''));

/** Tells the title, runs the stage, tells how it ended and how long it took. */
async function timed(title, work, say) {
  const since = Date.now();
  say(`\n--- ${title}\n`);
  const code = await work();
  say(
    `--- ${title}: ${code === 0 ? 'ok' : `FAILED (code ${code})`} in ${((Date.now() - since) / 1000).toFixed(1)} s\n`,
  );
  return code;
}

const say = (text) => void process.stdout.write(text);

async function stage(title, argv) {
  const code = await timed(title, () => execute(argv), say);
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  tellBeside();
}

/** A stage that uses one core only, and runs beside the others. */
async function stageBeside(title, argv, options = {}) {
  const heard = [];
  const code = await timed(
    title,
    () => execute(argv, options, (text) => heard.push(text)),
    (text) => heard.push(text),
  );
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  beside.push(heard.join(''));
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

/** The tests of some projects in one go. `workers`: more than there are cores where half of a test is waiting for others' programs. */
async function tests(projects, workers, reporter) {
  const title = `${projects.join(' and ')} tests`;
  const file = path.join(reports, `${projects.join('-')}.json`);
  const words = ['vitest', 'run', '--maxWorkers', String(workers), '--reporter', reporter, '--reporter', 'json'];
  for (const project of projects) words.push('--project', project);
  const code = await timed(title, () => execute([...words, '--outputFile.json', file]), say);
  count(file, code);
  tellBeside();
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
  const title = 'local AWS contract suite';
  const python = path.join(pythonBin('requirements.txt'), 'python');
  const heard = [];
  const hear = (text) => heard.push(text);
  const argv = [python, '-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'];
  const code = await timed(title, () => execute(argv, { cwd: 'sandbox/aws' }, hear), hear);
  const said = heard.join('');
  const ran = Number(/^Ran (\d+) tests?/m.exec(said)?.[1] ?? 0);
  const bad = ['failures', 'errors'].reduce(
    (sum, word) => sum + Number(new RegExp(`${word}=(\\d+)`).exec(said)?.[1] ?? 0),
    0,
  );
  const skipped = Number(/skipped=(\d+)/.exec(said)?.[1] ?? 0);
  totals.passed += ran - bad - skipped;
  totals.skipped += skipped;
  totals.failed += code !== 0 && bad === 0 ? 1 : bad;
  beside.push(said);
}

async function slowLinters() {
  const bin = pythonBin('requirements-lint.txt');
  const options = { env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` }, cwd: 'ansible' };
  await stageBeside('ansible-lint, production profile', [path.join(bin, 'ansible-lint'), '--offline', '-q'], options);
  await stageBeside('yamllint', [path.join(bin, 'yamllint'), '--strict', '.'], options);
  const tflint = path.join(made('tflint', 'sandbox/lint/go.mod', 'sandbox/lint/go.sum'), 'tflint');
  if (existsSync(tflint)) {
    const config = path.resolve('.tflint.hcl');
    await stageBeside('tflint', [tflint, '--recursive', `--config=${config}`], { cwd: 'terraform' });
  } else {
    totals.skipped += 1;
    skips.push('tflint of both Terraform roots (SKIPPED: it is built with Go, and Go was not found)');
  }
}

const others = slowLinters().then(awsContract);
await stage('types', ['tsc', '-p', 'tsconfig.json']);
await stage('lint and fences', ['oxlint', '--type-aware', '--deny-warnings']);
await stage('unused code', ['knip']);
await stage('format', ['biome', 'check', '--error-on-warnings', '.']);
await tests(['unit'], 2, 'dot');
await others;
tellBeside();
await tests(all ? ['integration', 'e2e'] : ['integration'], 3, 'verbose');
rmSync(reports, { recursive: true, force: true });

if (skips.length > 0)
  process.stdout.write(
    `\nskipped, each with its reason in the name:\n${skips.map((skip) => `  ${skip}`).join('\n')}\n`,
  );
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
