import { shorten } from '../base/shorten.ts';
import type { ClientProperty } from '../model/client-property.ts';
import { BrokerError } from '../model/error.ts';
import { attributeOf, elementsOf, textOf, type XmlElement } from '../model/xml-element.ts';

/** How values stand in QoS elements: as in the original, element and attribute names match in any case, values are trimmed. */

/** The child elements of a `<qos>` by lower-case name; of several with one name the last counts, but see `all`. */
export class QosElements {
  readonly #elements: readonly XmlElement[];

  constructor(qos: XmlElement | undefined) {
    this.#elements = qos ? elementsOf(qos) : [];
  }

  all(name: string): XmlElement[] {
    const lower = name.toLowerCase();
    return this.#elements.filter((element) => element.name.toLowerCase() === lower);
  }

  one(name: string): XmlElement | undefined {
    return this.all(name).at(-1);
  }

  /** `<name/>` is true, `<name>false</name>` false, no such element undefined. */
  flag(name: string): boolean | undefined {
    const element = this.one(name);
    return element && (parseBoolean(name, textOf(element)) ?? true);
  }
}

/** The trimmed value of an attribute whose name matches in any case; undefined when missing or empty. */
export function qosAttribute(element: XmlElement | undefined, name: string): string | undefined {
  const lower = name.toLowerCase();
  const value = element?.attributes.find((attribute) => attribute.name.toLowerCase() === lower)?.value.trim();
  return value === '' ? undefined : value;
}

export function booleanAttribute(element: XmlElement | undefined, name: string): boolean | undefined {
  const value = qosAttribute(element, name);
  return value === undefined ? undefined : parseBoolean(name, value);
}

export function integerAttribute(element: XmlElement | undefined, name: string): number | undefined {
  const value = qosAttribute(element, name);
  return value === undefined ? undefined : parseInteger(name, value);
}

/** Undefined for an empty text. @throws BrokerError `user.illegalArgument` for anything but true and false. */
function parseBoolean(name: string, text: string): boolean | undefined {
  const value = text.trim().toLowerCase();
  if (value === '') return undefined;
  if (value !== 'true' && value !== 'false') throw illegalValue(name, text, 'true or false');
  return value === 'true';
}

/** @throws BrokerError `user.illegalArgument` for anything but a whole number that a double holds exactly. */
function parseInteger(name: string, text: string): number {
  const value = text.trim();
  const number = Number(value);
  if (!/^[+-]?[0-9]+$/.test(value)) throw illegalValue(name, text, 'a whole number');
  // The original's "for ever" is Long.MAX_VALUE; it stays for ever.
  return Math.max(Math.min(number, Number.MAX_SAFE_INTEGER), -Number.MAX_SAFE_INTEGER);
}

const PRIORITY_NAMES: readonly (readonly [string, number])[] = [
  ['MIN', 0],
  ['LOW', 3],
  ['NORM', 5],
  ['HIGH', 7],
  ['MAX', 9],
];

/** 0–9 or a name: MIN, LOW, NORM, HIGH, MAX (as in the original, only the beginning of a name counts). */
export function parsePriority(text: string): number {
  const value = text.trim().toUpperCase();
  if (/^\+?[0-9]$/.test(value)) return Number(value);
  const named = PRIORITY_NAMES.find(([name]) => value.startsWith(name));
  if (!named) throw illegalValue('priority', text, '0 to 9, MIN, LOW, NORM, HIGH or MAX');
  return named[1];
}

/** The `<clientProperty>` children of a QoS; of several with one name the last counts. */
export function decodeClientProperties(elements: QosElements): readonly ClientProperty[] {
  return [
    ...new Map(
      elements
        .all('clientProperty')
        .map(decodeClientProperty)
        .map((property) => [property.name, property]),
    ).values(),
  ];
}

function decodeClientProperty(element: XmlElement): ClientProperty {
  const type = qosAttribute(element, 'type');
  const encoding = qosAttribute(element, 'encoding');
  const charset = qosAttribute(element, 'charset');
  return {
    name: attributeOf(element, 'name') ?? '',
    value: textOf(element),
    ...(type === undefined ? {} : { type }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(charset === undefined ? {} : { charset }),
  };
}

function illegalValue(name: string, text: string, expected: string): BrokerError {
  return new BrokerError('user.illegalArgument', `${name}: "${shorten(text.trim())}" is not ${expected}`);
}
