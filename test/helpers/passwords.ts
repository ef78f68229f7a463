import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SocketClient, WireFrame } from './socket.ts';

/** The hash of the password `secret`, as crypt(3) makes it. */
export const SECRET = 'yZ24stvIel1j6';
/** The same, as `htpasswd -B -C 4` makes it; slow enough to be seen, and no slower. */
export const SECRET_BCRYPT = '$2y$04$p4v6lifvnTbfIlXb18DFjO1Twh4rc.u03/GxZ.mKFLBtchcceJ0My';

export interface TestPasswordFile {
  readonly path: string;
  /** Puts another file in its place in one step, as editors and deployments do. */
  replace(text: string): void;
}

/** A password file in a directory of its own, gone with the test. */
export function passwordFile(text: string): TestPasswordFile {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-passwords-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'passwords');
  writeFileSync(path, text);
  return {
    path,
    replace(next) {
      writeFileSync(`${path}.new`, next);
      renameSync(`${path}.new`, path);
    },
  };
}

/** The header of a request by `user`. */
export function basic(user: string, password = 'secret'): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/** Connects over SOCKET with a user and a password, which stand in CDATA; `session` is its name, '' none. */
export async function logIn(client: SocketClient, user: string, password = 'secret', session = ''): Promise<WireFrame> {
  const credentials = `<![CDATA[<user>${user}</user><passwd>${password}</passwd>]]>`;
  const name = session === '' ? '' : `<session name='${session}'/>`;
  const qos = `<qos><securityService type='htpasswd' version='1.0'>${credentials}</securityService>${name}</qos>`;
  const answer = await client.call('connect', Buffer.from(qos).toString('latin1'), '');
  client.session = answer.session;
  return answer;
}
