import { RE2JS } from 're2js';
import { shorten } from '../../base/shorten.ts';

/** Longest pattern, in characters. */
const MAX_PATTERN_CHARS = 4_096;
/** Most instructions of a compiled pattern; compiling takes some 5 µs for each. */
const MAX_INSTRUCTIONS = 5_000;
/** What a Unicode class such as `\p{L}` costs to compile, in instructions. */
const UNICODE_CLASS_COST = 20;
/**
 * Most characters times instructions of one match: 11 ns each when the text and the pattern are made for each other, so 44 ms;
 * usually a character takes 10 to 20 ns whatever the pattern.
 */
const MAX_WORK = 4_000_000;
/** The engine remembers states of its automaton, up to 8 MiB; what it keeps between two matches, in bytes. */
const KEPT_STATE_BYTES = 16_384;
const BYTES_PER_INSTRUCTION = 256;

/**
 * A regular expression that is matched in time linear in the text, whatever the pattern: RE2's engine. The whole text must match;
 * `.` is no line end, `^` and `$` are the ends of the text.
 */
export class Regex {
  readonly bytes: number;
  readonly #regex: RE2JS;
  readonly #instructions: number;

  /** @throws Error that says what is wrong with the pattern. */
  constructor(pattern: string) {
    if (pattern.length > MAX_PATTERN_CHARS) {
      throw new Error(`a regular expression of ${pattern.length} characters, at most ${MAX_PATTERN_CHARS} are accepted`);
    }
    if (boundOfSize(pattern) > MAX_INSTRUCTIONS) {
      throw new Error(`the repetitions of "${shorten(pattern)}" make it too large; lower the counts in { }`);
    }
    this.#regex = compile(pattern);
    this.#instructions = this.#regex.programSize();
    this.bytes = KEPT_STATE_BYTES + BYTES_PER_INSTRUCTION * this.#instructions;
  }

  /** What matching `chars` characters may cost, in characters times instructions. */
  work(chars: number): number {
    return chars * this.#instructions;
  }

  /** @throws Error when text and pattern together are too large to be matched in one go. */
  matches(text: string): boolean {
    this.requireWork(text.length);
    const isMatch = this.#regex.testExact(text);
    const automaton = this.#regex.re2().dfa;
    if (automaton.maxMem - automaton.memBudget > KEPT_STATE_BYTES) automaton.clearCache();
    return isMatch;
  }

  /** @throws Error when `chars` characters are too many for this pattern. */
  requireWork(chars: number): void {
    if (this.work(chars) <= MAX_WORK) return;
    const most = Math.floor(MAX_WORK / this.#instructions);
    throw new Error(`the text has ${chars} characters, this regular expression takes at most ${most}; shorten either`);
  }
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const reason = (error as Error).message.replace('error parsing regexp: ', '');
    throw new Error(`"${shorten(pattern)}" is no regular expression: ${shorten(reason, 120)}`, { cause: error });
  }
}

/**
 * An upper bound for the compiled size, without compiling: a count behind a single character adds itself, one behind `)` multiplies
 * all. RE2 refuses nested counts above 1,000 by itself.
 */
function boundOfSize(pattern: string): number {
  let sum = pattern.length;
  let product = 1;
  for (const [, close, min, max] of pattern.matchAll(/(\)?)\{(\d+)(?:,(\d*))?\}/g)) {
    const count = Math.max(1, Number(min), Number(max ?? 0));
    if (close) product = Math.min(1_000, product * count);
    else sum += count;
  }
  for (const _ of pattern.matchAll(/\\[pP]/g)) sum += UNICODE_CLASS_COST;
  return sum * product;
}
