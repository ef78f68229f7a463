import type { Sql92Budget } from './budget.ts';

const ANY_ONE = Symbol('_');
const ANY_RUN = Symbol('%');
type PatternPart = string | typeof ANY_ONE | typeof ANY_RUN;

/** The pattern of a LIKE: `%` is any run of characters, `_` one character, everything else is itself. */
export class LikePattern {
  readonly #parts: readonly PatternPart[];

  /** @param escapeChar takes the meaning from the `%`, `_` or escape character behind it; '' is none. */
  constructor(pattern: string, escapeChar: string) {
    this.#parts = readPattern(pattern, escapeChar);
  }

  /** Whether all of `text` matches. Costs a step per comparison of two characters: at worst their product, mostly their sum. */
  matches(text: string, budget: Sql92Budget): boolean {
    const parts = this.#parts;
    const chars = Array.from(text);
    let part = 0;
    let char = 0;
    let run = -1; // the last % met, and how far its run reaches
    let runEnd = 0;
    while (char < chars.length) {
      budget.spend(1);
      if (parts[part] === ANY_RUN) {
        run = part++;
        runEnd = char;
      } else if (parts[part] === ANY_ONE || parts[part] === chars[char]) {
        part++;
        char++;
      } else if (run >= 0) {
        part = run + 1;
        char = ++runEnd;
      } else {
        return false;
      }
    }
    while (parts[part] === ANY_RUN) part++;
    return part === parts.length;
  }
}

function readPattern(pattern: string, escapeChar: string): PatternPart[] {
  const parts: PatternPart[] = [];
  let isEscaped = false;
  for (const char of pattern) {
    if (char === escapeChar && !isEscaped) {
      isEscaped = true;
      continue;
    }
    if (isEscaped || (char !== '_' && char !== '%')) parts.push(char);
    else parts.push(char === '_' ? ANY_ONE : ANY_RUN);
    isEscaped = false;
  }
  return parts;
}
