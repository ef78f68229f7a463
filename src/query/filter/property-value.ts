import type { ClientProperty } from '../../model/client-property.ts';

/** What a client property is to a condition; a number that cannot be read is NaN. */
export type PropertyValue = string | number | boolean;

const NUMERIC_TYPES = new Set(['byte', 'short', 'int', 'integer', 'long', 'float', 'double']);
/** A number as Java writes it, less its hexadecimal forms. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?$/;

/** The client properties by name, decoded as their types say. */
export function readProperties(properties: readonly ClientProperty[]): ReadonlyMap<string, PropertyValue> {
  return new Map(properties.map((property) => [property.name, readValue(property)]));
}

function readValue(property: ClientProperty): PropertyValue {
  const type = property.type?.toLowerCase() ?? '';
  const text = decode(property);
  if (type === 'boolean') return text.trim().toLowerCase() === 'true';
  return NUMERIC_TYPES.has(type) ? toNumber(text.trim()) : text;
}

function decode({ value, encoding, charset }: ClientProperty): string {
  if (encoding?.toLowerCase() !== 'base64') return value;
  const bytes = Buffer.from(value, 'base64');
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes);
  } catch {
    return bytes.toString('utf8'); // a charset that nobody knows
  }
}

function toNumber(text: string): number {
  return NUMBER.test(text) ? Number.parseFloat(text) : Number.NaN;
}
