import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../helpers/broker.ts';

// The description that the broker serves, held against what the broker does.

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly minimum?: number; readonly maximum?: number; readonly enum?: readonly string[] };
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: unknown;
}

const METHODS = ['get', 'head', 'post', 'put', 'delete', 'patch', 'options'] as const;

describe('openapi.json', () => {
  test('describes every method of every address, and no other', async () => {
    const broker = await startBroker();
    const { paths } = await readDescription(broker);
    for (const [path, operations] of Object.entries(paths)) {
      const documented = METHODS.filter((method) => operations[method]);
      const existing: string[] = [];
      for (const method of METHODS) if (await isRoute(broker, method, path)) existing.push(method);
      expect(existing, path).toEqual(documented);
    }
  });

  test('describes every address that the source registers', async () => {
    const broker = await startBroker();
    const { paths } = await readDescription(broker);
    expect(Object.keys(paths).sort()).toEqual(registeredPaths().sort());
  });

  test('describes the parameters that the broker knows, with their bounds', async () => {
    const broker = await startBroker();
    for (const { path, method, operation } of withParameters(await readDescription(broker))) {
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
      const known = await knownParameters(broker, method, path);
      expect(known.sort(), `${method} ${path}`).toEqual(described.map(({ name }) => name).sort());
      for (const parameter of described) {
        for (const value of beyondBounds(parameter)) {
          const query = new URLSearchParams({ ...fitting(described), [parameter.name]: value });
          // A stream, where it is one that reads the parameter; refused before it begins.
          const headers = parameter.name === 'window' ? { Accept: 'text/event-stream' } : {};
          const { status } = await send(broker, method, `${path}?${query}`, headers);
          expect(status, `${method} ${path} ${parameter.name}=${value}`).toBe(400);
        }
      }
    }
  });

  test('refers only to what it defines, and names every operation once', async () => {
    const broker = await startBroker();
    const description = await readDescription(broker);
    expect(description.openapi).toBe('3.1.0');
    const references = JSON.stringify(description).matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g);
    const components = description.components as Record<string, Record<string, unknown>>;
    for (const [, section = '', name = ''] of references) expect(components[section], section).toHaveProperty([name]);
    const ids = Object.values(description.paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap(({ operationId }) => operationId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** What stands for the rest of an address. */
const PLACES: Readonly<Record<string, string>> = { '/admin/*': '{path}', '/monitor/*': '{page}' };

/** The addresses in the source of the routes: `app.get('/topics/*', …)`, `url: '/topics/*'`, and one for each verb. */
function registeredPaths(): string[] {
  const folder = join(import.meta.dirname, '../../src/transport/http');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('-routes.ts'));
  const source = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const literals = [...source.matchAll(/(?:app\.\w+\(|url: )'(\/[^']*)'/g)].map(([, path = '']) =>
    path.replace('*', PLACES[path] ?? '{oid}'),
  );
  const verbs = /VERB_ROUTES[^=]*= \[([^\]]+)\]/.exec(source)?.[1]?.matchAll(/'(\w+)'/g) ?? [];
  return [...new Set([...literals, ...[...verbs].map(([, verb]) => `/${verb}`)])];
}

async function readDescription(broker: TestBroker): Promise<OpenApi> {
  const { body, headers } = await broker.get('/openapi.json');
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  return JSON.parse(body);
}

function withParameters({ paths }: OpenApi): { path: string; method: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      return operation?.parameters && method !== 'head' ? [{ path, method, operation }] : [];
    }),
  );
}

async function send(broker: TestBroker, method: string, path: string, headers: Record<string, string> = {}) {
  const address = path.replace('{oid}', 'a').replace('{path}', '?uptime').replace('{page}', 'status.html');
  const response = await broker.fetch(address, { method: method.toUpperCase(), headers });
  return { status: response.status, body: await response.text() };
}

/** What keeps a request that is legal but for one parameter short. */
function fitting(described: readonly Parameter[]): Record<string, string> {
  const values = Object.entries({ session: 'joe/1', oid: 'a', timeout: '0' });
  return Object.fromEntries(values.filter(([name]) => described.some((parameter) => parameter.name === name)));
}

/** 404 may also mean that the address is there and the topic is not. */
async function isRoute(broker: TestBroker, method: string, path: string): Promise<boolean> {
  if (path === '/topics/{oid}' && method !== 'delete') await broker.fetch('/topics/a', { method: 'PUT', body: 'x' });
  const { status } = await send(broker, method, path);
  return status !== 405 && status !== 404;
}

/** The broker refuses what it does not know and says what it knows. */
async function knownParameters(broker: TestBroker, method: string, path: string): Promise<string[]> {
  const { status, body } = await send(broker, method, `${path}?nobodyKnowsThis=1`);
  expect(status, `${method} ${path}`).toBe(400);
  return /known are ([\w, ]+)/.exec(body)?.[1]?.split(', ') ?? [];
}

function beyondBounds({ schema }: Parameter): string[] {
  const values: string[] = [];
  if (schema.minimum !== undefined) values.push(String(schema.minimum - 1));
  if (schema.maximum !== undefined) values.push(String(schema.maximum + 1));
  if (schema.enum) values.push(`${schema.enum[0]}s`);
  return values;
}
