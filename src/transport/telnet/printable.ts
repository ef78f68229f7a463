const QUESTION_MARK = 63;
const DEL = 127;
/** In UTF-8 it begins the control characters U+0080 to U+009F, among others. */
const C1_LEAD = 0xc2;

/**
 * Text for a terminal, in UTF-8. Tabs and line ends aside, each byte of a control character is a question mark: what clients have
 * published must not command the terminal of whoever reads it. Takes the same time whatever the text is.
 */
export function printable(text: string): Buffer {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (isControl(byte)) bytes[i] = QUESTION_MARK;
    else if (byte === C1_LEAD && (bytes[i + 1] as number) < 0xa0) bytes.fill(QUESTION_MARK, i, i + 2);
  }
  return bytes;
}

function isControl(byte: number): boolean {
  return (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === DEL;
}
