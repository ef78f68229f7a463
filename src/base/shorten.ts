/** `text` as an error message quotes it: the beginning of what is long, never half a character. */
export function shorten(text: string, maxChars = 60): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars).replace(/[\ud800-\udbff]$/, '')}…`;
}
