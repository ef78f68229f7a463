import type { Parameter } from './openapi-parameters.ts';

/** What the descriptions of addresses are made of. */

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

export const XML = 'application/xml';

export function xmlBody(description: string): object {
  return { description, required: false, content: { [XML]: {}, '*/*': {} } };
}

export function xmlResponse(description: string): object {
  return { description, content: { [XML]: {} } };
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Malformed XML, a wrong parameter or an illegal argument',
  401: 'The secret session id is unknown, or its session has ended',
  403: 'Not allowed: __sys__… topics, or the rules that protect a broker on localhost',
  404: 'No such topic, or it has no message',
  409: 'The topic is readonly, or another poller of the session took over',
  413: 'Larger than a bound',
  415: 'A charset or Content-Encoding that is not supported',
  422: 'The XPath is wrong; position and token are named',
  429: 'A bound of this client is reached',
  503: 'A bound of the whole broker is reached, or it is shutting down',
};

export function errors(...statuses: readonly number[]): Record<string, object> {
  return references(
    'responses',
    statuses.map((status) => String(status)),
    'error',
  );
}

export function errorResponses(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(ERRORS).map(([status, sentence]) => {
      const description = `${sentence}. \`<exception errorCode="…"><message>…</message></exception>\`, in scripts the last element.`;
      return [`error${status}`, { description, content: { [XML]: {} } }];
    }),
  );
}

export function references(section: string, names: readonly string[], prefix = ''): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/${section}/${prefix}${name}` }]));
}
