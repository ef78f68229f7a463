import { FormatError } from './format-error.ts';

/**
 * The parts of `text` between separators that stand outside of double quotes and parentheses; `\"` is no quote. The parts keep
 * their quotes.
 *
 * @throws FormatError for quotes and parentheses that do not close.
 */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"' && text[at - 1] !== '\\') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (isQuoted || depth !== 0) throw new FormatError(`quotes or parentheses do not close in "${text.trim()}"`);
  return [...parts, text.slice(start)];
}

/** `text` without its quotes; `\"` becomes a quote. */
export function unquote(text: string): string {
  return text.replace(/\\"|"/g, (quote) => (quote === '"' ? '' : '"'));
}
