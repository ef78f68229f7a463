import type { Run } from './evaluation.ts';

/** Product of both lengths up to which the engine's search, quadratic at worst, is cheap whatever it meets. */
const MAX_NAIVE_PAIRS = 16_384;

/** Index of the first `needle` in `text`, or -1. Linear: a stranger chooses both, and `indexOf` can be made quadratic. */
export function find(run: Run, text: string, needle: string): number {
  const pairs = text.length * needle.length;
  if (pairs <= MAX_NAIVE_PAIRS) {
    run.budget.spend(1 + (pairs >> 6));
    return text.indexOf(needle);
  }
  run.budget.spend(1 + ((text.length + needle.length) >> 1));
  return needle.length > text.length ? -1 : knuthMorrisPratt(text, needle);
}

function knuthMorrisPratt(text: string, needle: string): number {
  const borders = bordersOf(needle);
  let matched = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    while (matched > 0 && needle.charCodeAt(matched) !== code) matched = borders[matched - 1] ?? 0;
    if (needle.charCodeAt(matched) === code) matched++;
    if (matched === needle.length) return i - matched + 1;
  }
  return -1;
}

/** For each prefix the length of its longest proper prefix that is also its suffix. */
function bordersOf(needle: string): Uint32Array {
  const borders = new Uint32Array(needle.length);
  let length = 0;
  for (let i = 1; i < needle.length; i++) {
    const code = needle.charCodeAt(i);
    while (length > 0 && needle.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
    if (needle.charCodeAt(length) === code) length++;
    borders[i] = length;
  }
  return borders;
}
