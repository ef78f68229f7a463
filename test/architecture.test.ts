import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

// The import table of the house. A room is a directory of src/; the files at the top of src/ are rooms of their own.
// Every room may import itself, base and model (base, itself); what more it may import stands here.
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: [],
  codec: [],
  query: [],
  store: [],
  broker: ['query', 'store/store.ts'], // of the store, only the port
  transport: ['codec', 'broker'],
  admin: ['codec', 'broker'],
  cluster: ['codec', 'broker'],
  security: ['broker/ports.ts'], // of the broker, only the ports
  config: [],
  'server.ts': ['codec', 'query', 'store', 'broker', 'transport', 'admin', 'cluster', 'security', 'config'],
  'main.ts': ['config', 'server.ts', 'store/store-command.ts'],
};

const network = ['transport', 'admin', 'cluster', 'server.ts'];
// Packages and modules of Node that only some rooms, directories or files may import.
const onlyIn: Readonly<Record<string, readonly string[]>> = {
  fastify: network,
  '@fastify': network,
  'node:net': network,
  'node:tls': network,
  'node:dgram': network,
  'node:http': network,
  'node:http2': network,
  'node:https': network,
  xpath: ['query/xpath'],
  '@xmldom/xmldom': ['query/xpath'],
  'fast-xml-parser': ['codec/xml.ts'],
  'properties-file': ['config/properties-file.ts'],
  lmdb: ['store/lmdb'],
  re2js: ['query/filter/regex.ts'],
  pino: ['base/logger.ts', 'server.ts'],
  'pino-pretty': ['base/logger.ts', 'server.ts'],
};

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => /\.[jt]s$/.test(path))
  .sort();
const sources = new Map(files.map((path) => [path, readFileSync(join(src, path), 'utf8')]));
const imports = new Map([...sources].map(([path, source]) => [path, importsOf(source)]));
// Types may refer to each other (a session has subscriptions, a subscription has a session); modules may not.
const moduleImports = new Map([...sources].map(([path, source]) => [path, importsOf(source.replace(/^import type .*$/gm, ''))]));

describe('src/', () => {
  test('imports only what the import table allows', () => {
    expect(offences(forbiddenImport)).toEqual([]);
  });

  test('imports files by their name, with .ts', () => {
    expect(offences(unnamedFile)).toEqual([]);
  });

  test('has no import cycles', () => {
    expect(findCycles()).toEqual([]);
  });

  test('has no barrel files', () => {
    const barrels = files.filter((path) => isBarrel(sources.get(path) ?? ''));
    expect(barrels.map((path) => `src/${path} only re-exports: import from the files themselves`)).toEqual([]);
  });

  test('keeps nine of ten files within 350 lines', () => {
    const long = [...sources]
      .map(([path, source]) => ({ path, lines: source.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 350);
    const listed = long.map(({ path, lines }) => `src/${path}: ${lines} lines`).join(', ');
    expect(long.length, listed).toBeLessThanOrEqual(files.length / 10);
  });
});

describe('the reading of imports', () => {
  test('finds every form, over several lines, and none in comments, strings and templates', () => {
    const source = `
      import a from './a.ts';
      import type { B } from "./b.ts"; import './c.ts';
      import {
        d, // from './not-1.ts'
        type D as E,
      } from './d.ts';
      import * as e from './e.ts';
      export * from './f.ts';
      export { g } from './g.ts';
      const h = await import('./h.ts');
      type I = import('./i.ts').I;
      // import './not-2.ts';
      /* import './not-3.ts'; */
      const xpath = '//*[a]'; const text = "import './not-4.ts'"; const page = \`
        import './not-5.ts'; \${xpath} */
      \`;
      export const from = 'not-6.ts';
      export function imported(): void {}`;
    expect(importsOf(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name) => `./${name}.ts`));
  });

  test.each([
    ['codec/a.ts', '../broker/b.ts', 'codec may import only codec, base, model'],
    ['model/a.ts', '../codec/b.ts', 'model may import only model, base'],
    ['base/a.ts', '../model/b.ts', 'base may import only base'],
    ['broker/a.ts', '../store/memory-store.ts', 'broker may import only broker, base, model, query, store/store.ts'],
    ['transport/http/a.ts', '../../server.ts', 'transport may import only transport, base, model, codec, broker'],
    ['main.ts', './broker/b.ts', 'main.ts may import only main.ts, base, model, config, server.ts, store/store-command.ts'],
    ['attic/a.ts', '../base/b.ts', 'attic is not in the import table of test/architecture.test.ts'],
    ['broker/a.ts', 'node:http', 'node:http belongs in transport, admin, cluster, server.ts'],
    ['codec/a.ts', '@fastify/cors', '@fastify belongs in transport, admin, cluster, server.ts'],
    ['query/domain.ts', '@xmldom/xmldom', '@xmldom/xmldom belongs in query/xpath'],
    ['base/a.ts', 'fs', "fs is a module of Node: write 'node:fs'"],
  ])('forbids %s to import %s', (file, specifier, rule) => {
    expect(forbiddenImport(file, specifier)).toBe(rule);
  });

  test.each([
    ['broker/a.ts', '../store/store.ts'],
    ['transport/http/a.ts', '../listener.ts'],
    ['server.ts', './broker/broker.ts'],
    ['query/xpath/a.ts', 'xpath'],
    ['base/a.ts', 'node:fs'],
  ])('allows %s to import %s', (file, specifier) => {
    expect(forbiddenImport(file, specifier)).toBeUndefined();
  });

  test('knows a barrel', () => {
    expect(isBarrel("// All of it.\nexport * from './a.ts';\nexport type { B } from './b.ts';\n")).toBe(true);
    expect(isBarrel("import { a } from './a.ts';\nexport { a };\n")).toBe(true);
    expect(isBarrel("export type { B } from './b.ts';\nexport const a = 1;\n")).toBe(false);
  });
});

/** The offences of all files against one rule, as sentences: file, import, rule. */
function offences(rule: (file: string, specifier: string) => string | undefined): string[] {
  return [...imports].flatMap(([file, specifiers]) =>
    specifiers.flatMap((specifier) => {
      const broken = rule(file, specifier);
      return broken ? [`src/${file} imports '${specifier}': ${broken}`] : [];
    }),
  );
}

function forbiddenImport(file: string, specifier: string): string | undefined {
  const room = file.split('/')[0] ?? '';
  const more = mayImport[room];
  if (!more) return `${room} is not in the import table of test/architecture.test.ts`;
  if (specifier.startsWith('.')) {
    const allowed = [...new Set([room, 'base', ...(room === 'base' ? [] : ['model']), ...more])];
    return within(resolveImport(file, specifier), allowed) ? undefined : `${room} may import only ${allowed.join(', ')}`;
  }
  if (builtinModules.includes(specifier)) return `${specifier} is a module of Node: write 'node:${specifier}'`;
  const [restricted, places] = Object.entries(onlyIn).find(([name]) => within(specifier, [name])) ?? [];
  return !places || within(file, places) ? undefined : `${restricted} belongs in ${places.join(', ')}`;
}

function unnamedFile(_file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') && !specifier.endsWith('.ts') ? 'name the file, with its ending .ts' : undefined;
}

function findCycles(): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file].map((path) => `src/${path}`).join(' imports '));
    if (start >= 0 || done.has(file)) return;
    for (const specifier of moduleImports.get(file) ?? []) {
      if (specifier.startsWith('.')) visit(resolveImport(file, specifier), [...trail, file]);
    }
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}

/** The imported file, relative to src/. */
function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

/** Whether a path, or the name of a module, is one of the places or lies in one. */
function within(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

/** What a source imports and re-exports, types included. */
function importsOf(source: string): string[] {
  const form = /\b(?:(?:import|export)\b[\w\s{},*$]*?\bfrom\s*|import\s*\(?\s*)(['"])(.+?)\1/g;
  return [...withoutTexts(source).matchAll(form)].map((match) => match[2] ?? '');
}

function isBarrel(source: string): boolean {
  const code = withoutTexts(source);
  const statement = /\b(?:import|export)\b[\w\s{},*$]*?(?:\bfrom\s*(['"]).+?\1|\})\s*;/g;
  return /\bexport\b/.test(code) && code.replace(statement, '').trim() === '';
}

/** Takes comments and templates out, and empties the strings that do not follow `from` or `import`. */
function withoutTexts(source: string): string {
  const text =
    /(\b(?:from|import\s*\(?)\s*)?('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return source.replace(text, (all, before?: string, quoted?: string) => (quoted === undefined ? '' : before ? all : "''"));
}
