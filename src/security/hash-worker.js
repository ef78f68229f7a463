// Compares passwords with their hashes, on a thread of its own: bcrypt takes its time on purpose. Plain JavaScript, because Node
// starts a worker from the file itself, in tests from src/, and Node 20 does not run TypeScript.
import { createHash, timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import md5Crypt from 'apache-md5';
import { compareSync } from 'bcryptjs';
import desCrypt from 'unix-crypt-td-js';

parentPort.on('message', ({ password, hash }) => {
  parentPort.postMessage(isPasswordOf(hash, password));
});

function isPasswordOf(hash, password) {
  if (hash.startsWith('$2')) return compareSync(password, hash);
  return isEqual(hash, hashAgain(hash, Buffer.from(password)));
}

/** The hash of `bytes` with the scheme and the salt of `hash`, which is one that password-hash.ts knows. */
function hashAgain(hash, bytes) {
  // The library takes one character for one byte.
  if (hash.startsWith('$')) return md5Crypt(bytes.toString('latin1'), hash);
  if (hash.startsWith('{')) return `{SHA}${createHash('sha1').update(bytes).digest('base64')}`;
  return desCrypt([...bytes], hash.slice(0, 2));
}

/** Takes the same time wherever the two differ. */
function isEqual(expected, actual) {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}
