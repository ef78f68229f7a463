import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BrokerError, type ErrorCode } from '../../src/model/error.ts';
import { statusOf } from '../../src/transport/http/http-error.ts';

const root = join(import.meta.dirname, '../..');

test('protocol/error-codes.md has every code of the source, and no other, with its HTTP status', () => {
  const source = readFileSync(join(root, 'src/model/error.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '([\w.]+)'/gm)].map(([, code]) => code as ErrorCode);
  const page = readFileSync(join(root, 'protocol/error-codes.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `([\w.]+)` \| (\d+) \|/gm)].map(
    ([, code, status]) => [code, Number(status)] as const,
  );
  expect(codes.length).toBeGreaterThan(20);
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(codes.map((code) => [code, statusOf(new BrokerError(code, ''))])),
  );
  expect(documented.length).toBe(codes.length);
});
