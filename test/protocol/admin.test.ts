import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { usesOf } from '../../src/admin/command.ts';
import { COMMAND_TABLES } from '../../src/admin/command-tree.ts';
import { parseEventRule } from '../../src/admin/event-pattern.ts';
import { TELNET_COMMANDS } from '../../src/transport/telnet/telnet-commands.ts';

const page = readFileSync(join(import.meta.dirname, '../../protocol/admin.md'), 'utf8');

describe('protocol/admin.md', () => {
  test.each(Object.entries(COMMAND_TABLES))('has the table of %s as the source has it', (kind, table) => {
    const rows = Object.entries(table).map(([name, command]) => `| \`${name}\` | ${usesOf(command)} | ${command.help} |`);
    const section = new RegExp(`\n### [^\n]*<a id="${kind}"></a>\n([\\s\\S]*?)(?=\n##)`).exec(page)?.[1] ?? '';
    const documented = section.split('\n').filter((line) => line.startsWith('| `'));
    expect(documented.join('\n')).toBe(rows.join('\n'));
  });

  test('has the commands of the console as the source has them', () => {
    const section = /\n## Telnet\n([\s\S]*?)(?=\n## )/.exec(page)?.[1] ?? '';
    const rows = Object.entries(TELNET_COMMANDS).map(([name, { form, help }]) => `| \`${`${name} ${form}`.trim()}\` | ${help} |`);
    expect(section.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
  });

  test('names only event types that the broker knows', () => {
    const section = /\n## Events\n([\s\S]*?)(?=\n## )/.exec(page)?.[1] ?? '';
    const types = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, type = '']) => type);
    expect(types.length).toBeGreaterThan(10);
    for (const type of types) expect(() => parseEventRule(type), type).not.toThrow();
  });
});
