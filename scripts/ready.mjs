// Makes a checkout ready to run: installs what package-lock.json asks for, then builds src/ into dist/, each only when it has to.
// `npm start` and `npm test` begin with it, so that each works as the very first command after `git clone`. No dependencies,
// because at that moment there are none. It speaks on stderr, one line per thing it does, and says nothing when all is in place.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const inRoot = (...path) => join(root, ...path);
const workDir = inRoot('.ready'); // its existence is the lock, and the build is staged in it
const builtFrom = inRoot('dist', '.built-from');
const lockWaitMs = 10 * 60_000;

try {
  requireNode(20, 19);
  // A package from the registry brings dist/ and no src/: its installer has done everything already.
  if (existsSync(inRoot('src')) && (whyInstall() || whyBuild())) {
    await withLock(() => {
      // Asked again: another process may have done the work while this one waited for the lock.
      const install = whyInstall();
      if (install) installDependencies(install);
      const build = whyBuild();
      if (build) buildDist(build);
    });
  }
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    throw new Error(`this needs Node ${major}.${minor} or newer, and this is Node ${process.versions.node}`);
  }
}

/** Why node_modules is not what the lock file asks for, or undefined. npm records what it installed, but only once all of it stands. */
function whyInstall() {
  const record = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'first start';
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  for (const [path, { os }] of Object.entries(installed)) {
    if (!wanted[path]) return `${path} is no longer in package-lock.json`;
    if (os && !os.includes(process.platform)) return `${path} is for another system`;
  }
  for (const [path, { integrity, optional }] of Object.entries(wanted)) {
    // Optional packages are binaries of which only those for this system get installed.
    if (path !== '' && installed[path]?.integrity !== integrity && !(optional && !installed[path])) {
      return 'package-lock.json changed';
    }
  }
  return undefined;
}

/** Why dist/ is not what src/ compiles to, or undefined. Content counts, not time: git sets times to that of the checkout. */
function whyBuild() {
  if (!existsSync(builtFrom)) return 'first start';
  return readFileSync(builtFrom, 'utf8') === sourceHash() ? undefined : 'src changed';
}

function sourceHash() {
  const hash = createHash('sha256');
  const sources = readdirSync(inRoot('src'), { recursive: true }).filter((name) => /\.[jt]s$/.test(name));
  for (const name of [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    ...sources.sort().map((name) => join('src', name)),
  ]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(inRoot(name)))
      .update('\0');
  }
  return hash.digest('hex');
}

function installDependencies(why) {
  say(`installing dependencies (${why}) …`);
  // --include=dev: the compiler is needed even where NODE_ENV is "production".
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  // Under `npm start` npm says which file it is; that also works where `npm` is not a program but a shell script (Windows).
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('npm-cli.js')) run('npm ci', process.execPath, [npm, ...args]);
  else run('npm ci', 'npm', args);
}

function buildDist(why) {
  say(`building (${why}) …`);
  const staged = join(workDir, 'dist');
  const hash = sourceHash(); // before the compiler reads: an edit during the build makes the next start build again
  run('the build', process.execPath, [
    inRoot('node_modules/typescript/bin/tsc'),
    '-p',
    'tsconfig.build.json',
    '--outDir',
    staged,
  ]);
  writeFileSync(join(staged, '.built-from'), hash);
  // Staged, then moved in one step: a failed build leaves the previous dist/ whole, and files of deleted sources go.
  rmSync(inRoot('dist'), { recursive: true, force: true });
  renameSync(staged, inRoot('dist'));
}

/** Runs a program in the project's root; what it prints goes to stderr, since stdout may be read by a program (`npm pack --json`). */
function run(what, command, args) {
  const { error, status, signal } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${what} failed (${signal ?? `exit code ${status}`}); what it printed above says why`);
}

/** Two `npm ci` in one directory destroy each other's work, so one process works and the others wait for it. */
async function withLock(work) {
  const giveUpAt = Date.now() + lockWaitMs;
  for (let waiting = false; !takeLock(); waiting = true) {
    if (Date.now() > giveUpAt)
      throw new Error(`gave up waiting for the process that holds ${workDir}; if there is none, delete it`);
    if (!waiting) say('waiting for another process to finish installing or building …');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    work();
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function takeLock() {
  try {
    mkdirSync(workDir);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAlive(lockHolder())) return false;
    rmSync(workDir, { recursive: true, force: true }); // left behind by a process that was killed
    return takeLock();
  }
  writeFileSync(join(workDir, 'pid'), String(process.pid));
  return true;
}

/** NaN while the other process is between taking the lock and writing its id, and when the lock has just been released. */
function lockHolder() {
  try {
    return Number.parseInt(readFileSync(join(workDir, 'pid'), 'utf8'), 10);
  } catch {
    return Number.NaN;
  }
}

function isAlive(pid) {
  if (Number.isNaN(pid)) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM'; // it lives, and belongs to another user
  }
}

function explain(error) {
  if (error.code === 'ENOENT' && error.syscall?.startsWith('spawn')) {
    return `cannot install dependencies: there is no "${error.path}" on the PATH; npm comes with Node (https://nodejs.org)`;
  }
  if (['EROFS', 'EACCES', 'EPERM'].includes(error.code)) {
    return `cannot install or build: ${root} cannot be written to (${error.code}); run this once where it can be`;
  }
  return error.message;
}

function say(sentence) {
  process.stderr.write(`xmlblaster: ${sentence}\n`);
}
