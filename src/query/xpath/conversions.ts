import type { Run } from './evaluation.ts';
import { ATTRIBUTE, TEXT } from './topic-document.ts';

/** The string-value of a node (XPath 1.0, section 5): of an element or the root, all text inside. Costs its nodes and characters. */
export function stringValue(run: Run, node: number): string {
  const { document, budget } = run;
  const kind = document.kind(node);
  if (kind === ATTRIBUTE || kind === TEXT) return document.value(node);
  const end = document.end(node);
  let text = '';
  for (let i = document.firstChild(node); i < end; i++) {
    budget.spend(1);
    if (document.kind(i) === TEXT) text += document.value(i);
  }
  budget.spend(text.length >> 6);
  return text;
}

const NUMBER = /^[ \t\r\n]*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*$/;

const NINE = 0x39;

/** number() of a string (section 4.4): stricter than JavaScript, no exponent, no plus sign, no hex, and '' is NaN. */
export function toNumber(run: Run, text: string): number {
  run.budget.spend(1 + (text.length >> 4));
  return numberOf(text);
}

/** The same for free. */
export function numberOf(text: string): number {
  // Most values are no numbers, and begin with a letter.
  if (text.charCodeAt(0) > NINE) return Number.NaN;
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

/** string() of a number (section 4.2): never an exponent, no sign for zero. */
export function numberToString(value: number): string {
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt < 0) return text;
  const sign = value < 0 ? '-' : '';
  const digits = text.slice(sign.length, exponentAt).replace('.', '');
  const exponent = Number(text.slice(exponentAt + 1));
  return exponent < 0 ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}` : sign + digits.padEnd(exponent + 1, '0');
}

/** boolean() of a number (section 4.3). */
export function numberToBoolean(value: number): boolean {
  return value !== 0 && !Number.isNaN(value);
}
