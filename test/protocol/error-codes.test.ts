import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BrokerError } from '../../src/model/error.ts';
import { type ErrorCode, HTTP_STATUS } from '../../src/model/error-codes.ts';
import { statusOf } from '../../src/transport/http/http-error.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'protocol/error-codes.md'), 'utf8');

test('protocol/error-codes.md says of every code that the broker answers with, and of no other, its HTTP status', () => {
  const documented = [...page.matchAll(/^\| `([\w.]+)` \| (\d+) \|/gm)].map(([, code = '', status]) => [code, Number(status)]);
  expect(Object.fromEntries(documented)).toEqual(HTTP_STATUS);
  for (const [code, status] of documented) expect(statusOf(new BrokerError(code as ErrorCode, ''))).toBe(status);
});

test('protocol/error-codes.md has each of the 99 codes of the original once', () => {
  const codes = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, code]) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes).toHaveLength(99);
});

test('every code of the table is one that the source uses', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const source = files
    .filter((path) => path.endsWith('.ts') && !path.endsWith('error-codes.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
    .join('\n');
  expect(Object.keys(HTTP_STATUS).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});
