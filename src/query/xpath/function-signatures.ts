export type ValueType = 'node-set' | 'string' | 'number' | 'boolean';

/** One function of the core library (XPath 1.0, section 4). */
export interface Signature {
  readonly returns: ValueType;
  /** Argument types in order; 'any' takes all four. */
  readonly params: readonly (ValueType | 'any')[];
  /** Arguments that must be given. */
  readonly required: number;
  /** The last parameter may repeat. */
  readonly variadic?: boolean;
  /** A missing argument means the context node, as in `string()`. */
  readonly defaultsToContext?: boolean;
}

const SIGNATURES = {
  last: { returns: 'number', params: [], required: 0 },
  position: { returns: 'number', params: [], required: 0 },
  count: { returns: 'number', params: ['node-set'], required: 1 },
  id: { returns: 'node-set', params: ['any'], required: 1 },
  'local-name': { returns: 'string', params: ['node-set'], required: 0, defaultsToContext: true },
  'namespace-uri': { returns: 'string', params: ['node-set'], required: 0, defaultsToContext: true },
  name: { returns: 'string', params: ['node-set'], required: 0, defaultsToContext: true },
  string: { returns: 'string', params: ['any'], required: 0, defaultsToContext: true },
  concat: { returns: 'string', params: ['string', 'string'], required: 2, variadic: true },
  'starts-with': { returns: 'boolean', params: ['string', 'string'], required: 2 },
  contains: { returns: 'boolean', params: ['string', 'string'], required: 2 },
  'contains-ignore-case': { returns: 'boolean', params: ['string', 'string'], required: 2 },
  'substring-before': { returns: 'string', params: ['string', 'string'], required: 2 },
  'substring-after': { returns: 'string', params: ['string', 'string'], required: 2 },
  substring: { returns: 'string', params: ['string', 'number', 'number'], required: 2 },
  'string-length': { returns: 'number', params: ['string'], required: 0, defaultsToContext: true },
  'normalize-space': { returns: 'string', params: ['string'], required: 0, defaultsToContext: true },
  'recursive-text': { returns: 'string', params: ['any'], required: 1 },
  translate: { returns: 'string', params: ['string', 'string', 'string'], required: 3 },
  boolean: { returns: 'boolean', params: ['any'], required: 1 },
  not: { returns: 'boolean', params: ['boolean'], required: 1 },
  true: { returns: 'boolean', params: [], required: 0 },
  false: { returns: 'boolean', params: [], required: 0 },
  lang: { returns: 'boolean', params: ['string'], required: 1 },
  number: { returns: 'number', params: ['any'], required: 0, defaultsToContext: true },
  sum: { returns: 'number', params: ['node-set'], required: 1 },
  floor: { returns: 'number', params: ['number'], required: 1 },
  ceiling: { returns: 'number', params: ['number'], required: 1 },
  round: { returns: 'number', params: ['number'], required: 1 },
} as const satisfies Record<string, Signature>;

export type FunctionName = keyof typeof SIGNATURES;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(SIGNATURES, name);
}

export function signatureOf(name: FunctionName): Signature {
  return SIGNATURES[name];
}
