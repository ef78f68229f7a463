import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCommandLine } from '../../src/config/command-line.ts';

const root = join(import.meta.dirname, '../..');
const compose = readFileSync(join(root, 'examples/docker-compose.yml'), 'utf8');

test('examples/docker-compose.yml: with its variables the arguments of the image start the broker', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const args: string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');
  const variables = [...compose.matchAll(/^ +(?:# )?(XMLBLASTER_\w+): '?([^'\n]*)'?$/gm)].map(([, name, value]) => [name, value]);
  expect(variables.map(([name]) => name)).toEqual([
    'XMLBLASTER_ALLOW_ANONYMOUS',
    'XMLBLASTER_PASSWORD_FILE',
    'XMLBLASTER_ALLOWED_HOST',
  ]);
  const start = readCommandLine(args, Object.fromEntries(variables));
  expect(start).toMatchObject({
    action: 'start',
    config: { host: '0.0.0.0', allowAnonymous: true, allowedHost: ['broker.example.org', '10.0.0.7'], dataDir: '/data' },
  });
  const withPasswords = readCommandLine(args, { XMLBLASTER_PASSWORD_FILE: '/passwords.txt' });
  expect(withPasswords).toMatchObject({ config: { allowAnonymous: false, passwordFile: '/passwords.txt' } });
  expect(compose).toContain('./passwords.txt:/passwords.txt:ro');
  expect(existsSync(join(root, 'examples/passwords.txt'))).toBe(true);
  expect(() => readCommandLine(args, {})).toThrow(/XMLBLASTER_ALLOW_ANONYMOUS=1/);
});

test('examples/docker-compose.yml publishes on the loopback interface unless it is changed', () => {
  const ports = [...compose.matchAll(/^ +- '([\d.:]+)'/gm)].map(([, port]) => port);
  expect(ports).toEqual(['127.0.0.1:3412:3412']);
});
