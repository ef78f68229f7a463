import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether certificates can be made here. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('SKIPPED: the tests of TLS, because there is no openssl to make a certificate with\n');
    return false;
  }
}

/** A self-signed certificate of localhost and its key, as files that end with the test. */
export function createCertificate(): { tlsCert: string; tlsKey: string } {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-tls-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const tlsCert = join(directory, 'cert.pem');
  const tlsKey = join(directory, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', tlsKey];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', tlsCert, ...subject], { stdio: 'ignore' });
  return { tlsCert, tlsKey };
}
