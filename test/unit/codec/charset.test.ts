import { describe, expect, test } from 'vitest';
import { decodeXmlText, UnsupportedCharsetError } from '../../../src/codec/charset.ts';
import { titled } from '../titled.ts';
import { refusalOf } from './broker-error.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const UTF8_BOM = bytes('efbbbf');

describe('the text of a body', () => {
  test.each<[title: string, body: Buffer, charset: string | undefined, text: string]>([
    ['UTF-8 when nobody says anything', Buffer.from('<ü/>'), undefined, '<ü/>'],
    ['nothing', Buffer.alloc(0), undefined, ''],
    ['UTF-8 with a mark', Buffer.concat([UTF8_BOM, Buffer.from('<ü/>')]), undefined, '<ü/>'],
    ['a second mark is a character', Buffer.concat([UTF8_BOM, UTF8_BOM, Buffer.from('<a/>')]), undefined, '\ufeff<a/>'],
    ['the mark beats the Content-Type', Buffer.concat([UTF8_BOM, Buffer.from('<ü/>')]), 'iso-8859-1', '<ü/>'],
    [
      'the Content-Type beats the declaration',
      latin1("<?xml version='1.0' encoding='UTF-8'?><ü/>"),
      'ISO-8859-1',
      "<?xml version='1.0' encoding='UTF-8'?><ü/>",
    ],
    [
      'the declaration',
      latin1('<?xml version="1.0" encoding="iso-8859-1"?><ü/>'),
      undefined,
      '<?xml version="1.0" encoding="iso-8859-1"?><ü/>',
    ],
    ['latin1 is no windows-1252', bytes('3c61 80 9f'), 'latin1', '<a\x80\x9f'],
    ['US-ASCII', Buffer.from('<a/>'), 'us-ascii', '<a/>'],
    ['UTF-16 with a little-endian mark', Buffer.concat([bytes('fffe'), utf16le('<ü😀/>')]), undefined, '<ü😀/>'],
    ['UTF-16 with a big-endian mark', Buffer.concat([bytes('feff'), utf16be('<ü😀/>')]), 'utf-16', '<ü😀/>'],
    ['UTF-16 without a mark is big-endian', utf16be('<ü/>'), 'UTF-16', '<ü/>'],
    ['UTF-16LE by name', utf16le('<ü/>'), 'utf-16le', '<ü/>'],
    ['UTF-16LE by its first bytes', utf16le('<ü/>'), undefined, '<ü/>'],
    [
      'UTF-16BE by its first bytes',
      utf16be('<?xml version="1.0" encoding="UTF-16"?><ü/>'),
      undefined,
      '<?xml version="1.0" encoding="UTF-16"?><ü/>',
    ],
    ['an encoding in the text is no declaration', Buffer.from("<a encoding='ebcdic'/>"), undefined, "<a encoding='ebcdic'/>"],
  ])('%s', (_, body, charset, text) => {
    expect(decodeXmlText(body, charset)).toBe(text);
  });

  test.each<[body: Buffer, charset: string | undefined, message: string]>([
    [bytes('3c61 ff'), undefined, 'The body is not valid UTF-8'],
    [bytes('c3'), undefined, 'The body is not valid UTF-8'],
    [bytes('c080'), undefined, 'The body is not valid UTF-8'],
    [bytes('eda080'), undefined, 'The body is not valid UTF-8'],
    [bytes('f4908080'), 'utf-8', 'The body is not valid UTF-8'],
    [Buffer.from('ü'), 'us-ascii', 'The body is not valid US-ASCII'],
    [bytes('ff'), 'ascii', 'The body is not valid US-ASCII'],
    [bytes('3c00 00'), 'utf-16le', 'The body is not valid UTF-16LE'],
    [bytes('3c00 00d8 3e00'), 'utf-16le', 'The body is not valid UTF-16LE'],
    [bytes('feff 003c d800'), undefined, 'The body is not valid UTF-16BE'],
  ])('%o in %s is refused', (body, charset, message) => {
    expect(refusalOf(() => decodeXmlText(body, charset))).toEqual({ code: 'user.illegalArgument', message });
  });

  test.each(
    titled([
      [
        Buffer.from('<a/>'),
        'windows-1252',
        /^The encoding "windows-1252" is not supported; send UTF-8, ISO-8859-1, US-ASCII or UTF-16$/,
      ],
      [Buffer.from('<a/>'), '__proto__', /"__proto__" is not supported/],
      [Buffer.from('<a/>'), 'constructor', /"constructor" is not supported/],
      [Buffer.from('<?xml version="1.0" encoding="UTF-7"?><a/>'), undefined, /"UTF-7" is not supported/],
      [Buffer.from("<?xml version='1.0' encoding=''?><a/>"), undefined, /"" is not supported/],
      [Buffer.from('<a/>'), 'x'.repeat(8_000), /^The encoding "x{60}…" is not supported/],
    ]),
  )('%s is an encoding we do not read', (_, body, charset, message) => {
    expect(() => decodeXmlText(body, charset)).toThrow(UnsupportedCharsetError);
    expect(refusalOf(() => decodeXmlText(body, charset)).message).toMatch(message);
  });
});
