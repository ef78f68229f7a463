import { describe, expect, test } from 'vitest';
import { readXml, type XmlOptions } from '../../../src/codec/xml.ts';
import { elementsOf, textOf, type XmlElement } from '../../../src/model/xml-element.ts';
import { refusalOf } from './broker-error.ts';

const MB = 1024 * 1024;
const BAD_REFERENCE = /"&" does not begin a known reference; write "&amp;"/;

function read(text: string, options?: XmlOptions): XmlElement {
  return readXml(text, options).root;
}

describe('what is refused, and where', () => {
  test.each<[title: string, text: string, where: string, problem: RegExp]>([
    // Document types and what comes with them
    ['a DTD', '<!DOCTYPE a><a/>', '1:1', /document type \(DTD\) is refused/],
    ['a DTD in lower case', '<?xml version="1.0"?>\n <!doctype a []><a/>', '2:2', /document type \(DTD\) is refused/],
    ['a DTD in mixed case', '<!DocType a SYSTEM "file:///etc/passwd"><a/>', '1:1', /\(DTD\) is refused/],
    ['an internal entity', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', '1:1', /\(DTD\) is refused/],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', '1:1', /\(DTD\) is refused/],
    ['an entity bomb', `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(9)}">]><l>&b;</l>`, '1:1', /\(DTD\) is refused/],
    ['a DTD in the root', '<a><!DOCTYPE a></a>', '1:4', /\(DTD\) is refused/],
    ['an entity declaration alone', '<a><!ENTITY x "y"></a>', '1:4', /this markup declaration is not allowed here/],
    // References
    ['an undeclared entity', '<a>\n  x &nbsp;</a>', '2:5', BAD_REFERENCE],
    ['an undeclared entity in an attribute', "<a b='&nbsp;'/>", '1:7', BAD_REFERENCE],
    ['a bare &', '<a>fish & chips</a>', '1:9', BAD_REFERENCE],
    ['a bare & in an attribute', '<a b="x" c="?a=1&b=2"/>', '1:17', BAD_REFERENCE],
    ['a bare & at the end', '<a>&</a>', '1:4', BAD_REFERENCE],
    ['an unfinished reference', '<a>&lt</a>', '1:4', BAD_REFERENCE],
    ['a reference in the wrong case', '<a>&LT;</a>', '1:4', BAD_REFERENCE],
    ['a reference to NUL', '<a>&#0;</a>', '1:4', BAD_REFERENCE],
    ['a reference to a control character', '<a>&#x1;</a>', '1:4', BAD_REFERENCE],
    ['a reference to a surrogate', '<a>&#xD800;</a>', '1:4', BAD_REFERENCE],
    ['references to a pair of surrogates', '<a>&#xD83D;&#xDE00;</a>', '1:4', BAD_REFERENCE],
    ['a reference to U+FFFE', '<a>&#xFFFE;</a>', '1:4', BAD_REFERENCE],
    ['a reference beyond Unicode', '<a>&#x110000;</a>', '1:4', BAD_REFERENCE],
    ['a reference to a huge number', '<a>&#99999999999999999999;</a>', '1:4', BAD_REFERENCE],
    ['an empty reference', '<a>&#;</a>', '1:4', BAD_REFERENCE],
    ['an upper-case X', '<a>&#X41;</a>', '1:4', BAD_REFERENCE],
    ['a reference cut by a comment', '<a>&am<!-- -->p;</a>', '1:4', BAD_REFERENCE],
    // Characters
    ['NUL', '<a>\n\0</a>', '2:1', /the character U\+0000 is not allowed in XML/],
    ['a control character', '<a b="\x01"/>', '1:7', /U\+0001/],
    ['U+FFFE', '<a>\ufffe</a>', '1:4', /U\+FFFE/],
    ['U+FFFF in a comment', '<a><!--\uffff--></a>', '1:8', /U\+FFFF/],
    ['a lone high surrogate', '<a>\ud83dx</a>', '1:4', /U\+D83D/],
    ['a lone low surrogate', '<a>😀\ude00</a>', '1:6', /U\+DE00/],
    ['NUL behind the root', '<a/>\0', '1:5', /U\+0000/],
    // The shape of the document
    ['nothing', '', '1:1', /there is no element; an XML document needs exactly one root element/],
    ['blanks only', ' \n ', '2:2', /there is no element/],
    ['a comment only', '<!-- -->', '1:9', /there is no element/],
    ['text only', 'hello', '1:1', /there is text before the root element/],
    ['text before the root', '\r\n x<a/>', '2:2', /there is text before the root element/],
    ['text after the root', '<a/>\r\r x', '3:2', /there is text after the root element/],
    ['a reference after the root', '<a/>&amp;', '1:5', /there is text after the root element/],
    ['a byte order mark that was not taken off', '\ufeff<a/>', '1:1', /there is text before the root element/],
    ['a second root', '<a/>\n<b/>', '2:1', /there is a second root element/],
    ['CDATA before the root', '<![CDATA[x]]><a/>', '1:1', /there is text outside the root element/],
    ['CDATA after the root', '<a/><![CDATA[]]>', '1:5', /there is text outside the root element/],
    ['a root that is not closed', '<a><b></b>', '1:11', /the document ends inside <a>; close it with <\/a>/],
    ['tags that do not match', '<a>\n<b>\n</a>\n</b>', '3:1', /<\/a> stands where <\/b> is expected/],
    ['tags that differ in case', '<a></A>', '1:4', /<\/A> stands where <\/a> is expected/],
    ['an end without a beginning', '<a/></b>', '1:5', /<\/b> closes nothing/],
    ['an end tag first', '</a>', '1:1', /<\/a> closes nothing/],
    // Tags
    ['a lone <', '<a> 1 < 2 </a>', '1:8', /an element name is expected here/],
    ['a digit as name', '<1/>', '1:2', /an element name is expected here/],
    ['a name of JavaScript blanks', '<a\u00a0b="1"/>', '1:3', /a blank or ">" is missing in the tag <a/],
    ['a name with what the parser takes for a blank', '<a\ufeffb="1"/>', '1:3', /a blank or ">" is missing in the tag <a/],
    ['a name with an Ogham blank', '<a x\u1680y="1"/>', '1:5', /"=" is missing after the attribute x/],
    ['the end of the file in a tag', '<a b="1" ', '1:10', /the document ends inside the tag <a/],
    ['the end of the file in an end tag', '<a></a', '1:7', /">" is missing after "<\/a"/],
    ['a blank before the name of an end tag', '<a></ a>', '1:6', /an element name is expected here/],
    ['an attribute in an end tag', '<a></a b="1">', '1:8', /">" is missing after "<\/a"/],
    ['a blank within />', '<a / >', '1:4', /an attribute name, ">" or "\/>" is expected here/],
    // Attributes
    ['< in an attribute', '<a b="x<y"/>', '1:8', /"<" is not allowed in the value of attribute b; write "&lt;"/],
    ['an attribute twice', '<a b="1" c="2" b="3"/>', '1:16', /the attribute b stands twice in <a>/],
    [
      'the ninth attribute twice',
      "<a a='' b='' c='' d='' e='' f='' g='' h='' i='' i=''/>",
      '1:49',
      /the attribute i stands twice/,
    ],
    ['the first of nine twice', "<a a='' b='' c='' d='' e='' f='' g='' h='' i='' a=''/>", '1:49', /the attribute a stands twice/],
    ['__proto__ twice', '<a __proto__="1" __proto__="2"/>', '1:18', /the attribute __proto__ stands twice/],
    ['a value without quotes', '<a b=1/>', '1:6', /the value of attribute b must stand in quotes/],
    ['a name without a value', '<a b/>', '1:5', /"=" is missing after the attribute b/],
    ['no blank between attributes', `<a b='1'c='2'/>`, '1:9', /a blank or ">" is missing in the tag <a/],
    ['a value that is not closed', '<a>\n<b c="1></b></a>', '2:6', /the value of attribute c is not closed/],
    // Text, comments, instructions
    [']]> in text', '<a>x]]></a>', '1:5', /"]]>" is not allowed in text; write "]]&gt;"/],
    ['-- in a comment', '<a><!-- a -- b --></a>', '1:11', /"--" is not allowed inside a comment/],
    ['a comment that ends --->', '<a><!-- a ---></a>', '1:11', /"--" is not allowed inside a comment/],
    ['a comment that is not closed', '<a>\n <!-- a', '2:2', /the comment is not closed/],
    ['CDATA that is not closed', '<a><![CDATA[x]]</a>', '1:4', /the CDATA section is not closed/],
    ['cdata in lower case', '<a><![cdata[x]]></a>', '1:4', /this markup declaration is not allowed here/],
    ['an instruction that is not closed', '<a><?p ></a>', '1:4', /the processing instruction is not closed/],
    ['an instruction without name', '<a><? p?></a>', '1:6', /the name of a processing instruction is expected here/],
    ['an odd name of an instruction', '<?p+x?><a/>', '1:4', /a blank or "\?>" is missing after the name/],
    // The XML declaration
    [
      'a declaration after a blank',
      ' <?xml version="1.0"?><a/>',
      '1:2',
      /an XML declaration may stand only at the very beginning/,
    ],
    ['a declaration in the root', '<a><?xml version="1.0"?></a>', '1:4', /may stand only at the very beginning/],
    ['a declaration in upper case', '<?XML version="1.0"?><a/>', '1:1', /may stand only at the very beginning/],
    ['an empty declaration', '<?xml?><a/>', '1:1', /the XML declaration is malformed/],
    ['a declaration without version', '<?xml encoding="UTF-8"?><a/>', '1:1', /the XML declaration is malformed/],
    ['a declaration of version 2', '<?xml version="2.0"?><a/>', '1:1', /the XML declaration is malformed/],
    ['a declaration in the wrong order', '<?xml version="1.0" standalone="no" encoding="UTF-8"?><a/>', '1:1', /malformed/],
    [
      'a declaration without an encoding name',
      '<?xml version="1.0" encoding=""?><a/>',
      '1:1',
      /the XML declaration is malformed/,
    ],
  ])('%s', (_, text, where, problem) => {
    const { code, message } = refusalOf(() => read(text));
    expect(code).toBe('user.illegalArgument');
    const [line, column] = where.split(':');
    expect(message.startsWith(`Malformed XML, line ${line}, column ${column}: `), message).toBe(true);
    expect(message).toMatch(problem);
  });

  test('lines end with \\n, \\r\\n or \\r, and columns count UTF-16 units', () => {
    expect(refusalOf(() => read('<a>\n\r\n\r\r\n<!-- -->\n😀&</a>')).message).toMatch(/^Malformed XML, line 6, column 3: /);
  });

  test('what the sender did not write is not counted', () => {
    expect(refusalOf(() => read('<a>\n&</a>', { prefixChars: 3 })).message).toMatch(/line 2, column 1:/);
    expect(refusalOf(() => read('<a>x &</a>', { prefixChars: 3 })).message).toMatch(/line 1, column 3:/);
  });

  test('inside opaque elements too', () => {
    const options = { isOpaque: (name: string) => name === 'content' };
    expect(refusalOf(() => read('<a><content>\n<b></content></a>', options)).message).toMatch(/line 2, column 4: <\/content>/);
    expect(refusalOf(() => read('<a><content>&x;</content></a>', options)).message).toMatch(/line 1, column 13: "&"/);
  });
});

describe('the tree', () => {
  test.each<[title: string, text: string, tree: XmlElement]>([
    ['one element', '<a/>', element('a')],
    [
      'declaration, comments, instructions',
      "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<!--x--><?p?><a/><!----><?q ?>\n",
      element('a'),
    ],
    ['comments with hyphens', '<a><!-- - -> --><!--> --><!---> -->x</a>', element('a', {}, 'x')],
    ['instructions with quotes', `<?p it's ?><a b='x'/>`, element('a', { b: 'x' })],
    ['an instruction that looks like XML', '<a><?p <b> & ]]> ?><?xml-x?></a>', element('a')],
    [
      'blanks wherever they may stand',
      '<a\n b\t=\r\n\'1\'\tc = "2" ><b /></a\n>',
      element('a', { b: '1', c: '2' }, element('b')),
    ],
    ['> and the other quote in values', `<a b='">/' c="'/>"/>`, element('a', { b: '">/', c: "'/>" })],
    ['text around elements', '<a> x <b/> y </a>', element('a', {}, ' x ', element('b'), ' y ')],
    ['text across comments', '<a>x<!--,-->y<?p?>z</a>', element('a', {}, 'xyz')],
    ['CDATA', '<a><![CDATA[<b>&amp;</b>]]></a>', element('a', {}, '<b>&amp;</b>')],
    [
      'CDATA merges with text',
      '<a> x<![CDATA[ & ]]>y&amp;<![CDATA[]]><![CDATA[]]]]><![CDATA[>]]> </a>',
      element('a', {}, ' x & y&]]> '),
    ],
    ['empty CDATA is no text', '<a><b/><![CDATA[]]></a>', element('a', {}, element('b'))],
    ['every reference', '<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#x1F600;</a>', element('a', {}, `&<>"'AB😀`)],
    [
      'references are decoded once',
      '<a b="&amp;lt;&#38;lt;">&amp;lt;&#38;amp;&#x26;#65;&amp;#65;</a>',
      element('a', { b: '&lt;&lt;' }, '&lt;&amp;&#65;&#65;'),
    ],
    ['references with leading zeros', '<a>&#0000000000065;&#x000000000041;</a>', element('a', {}, 'AA')],
    ['a reference to \\r stays', '<a b="&#13;">&#13;&#xD;\n</a>', element('a', { b: '\r' }, '\r\r\n')],
    ['line ends become \\n', '<a>1\r\n2\r3\n4\r\r\n<![CDATA[\r\n]]></a>', element('a', {}, '1\n2\n3\n4\n\n\n')],
    ['line ends around a comment are two', '<a>1\r<!-- -->\n2</a>', element('a', {}, '1\n\n2')],
    ['blanks in values become blanks', '<a b="1\t2\n3\r\n4\r5"/>', element('a', { b: '1 2 3 4 5' })],
    ['blanks in values stay as references', '<a b=" &#9;&#10;&#13;&#32; "/>', element('a', { b: ' \t\n\r  ' })],
    ['text that looks like a number or a boolean', "<a b='007'>1.50</a>", element('a', { b: '007' }, '1.50')],
    [
      'names like prefixes',
      "<p:a xmlns:p='u' p:b='1' xmlns='v'><p:c/></p:a>",
      element('p:a', { 'xmlns:p': 'u', 'p:b': '1', xmlns: 'v' }, element('p:c')),
    ],
    ['names with colons anywhere', "<:a ::='1'><b:/></:a>", element(':a', { '::': '1' }, element('b:'))],
    [
      'names of many scripts',
      "<été ключ='1'><名/><a·b/><𐀀/></été>",
      element('été', { ключ: '1' }, element('名'), element('a·b'), element('𐀀')),
    ],
    ['names with points and digits', "<a.1 _-.='1'><_/></a.1>", element('a.1', { '_-.': '1' }, element('_'))],
    [
      'many attributes',
      `<a ${range(50, (i) => `a${i}='${i}'`).join(' ')}/>`,
      element('a', Object.fromEntries(range(50, (i) => [`a${i}`, `${i}`]))),
    ],
    [
      'astral and odd but legal characters',
      '<a b="\ud83d\ude00">\u0085\u2028\ufffd\ud83d\ude00\x7f</a>',
      element('a', { b: '😀' }, '\u0085\u2028\ufffd😀\x7f'),
    ],
  ])('%s', (_, text, tree) => {
    expect(read(text)).toEqual(tree);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf', '__defineGetter__', 'length'])(
    '%s is a name like any other',
    (name) => {
      expect(read(`<${name} ${name}='1'><${name}/><${name} ${name}='2'>x</${name}></${name}>`)).toEqual({
        name,
        attributes: [{ name, value: '1' }],
        children: [
          { name, attributes: [], children: [] },
          { name, attributes: [{ name, value: '2' }], children: ['x'] },
        ],
      });
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );
});

describe('the source of elements', () => {
  function sources(text: string, options: XmlOptions): string[] {
    const { root, sourceOf } = readXml(text, options);
    return elementsOf(root).map((child) => sourceOf(child));
  }

  test('is byte for byte what stands between the tags', () => {
    const inner = " \r\n<b c=\"1\"\td='2'><!-- x --></b >&#10;&amp;<?p it's?><![CDATA[</key>]]>\r";
    expect(sources(`<?p?><!-- <key> --><r><key a='>'>${inner}</key><key/><key></key ></r>`, { keepSource: ['key'] })).toEqual([
      inner,
      '',
      '',
    ]);
  });

  test('of an element in an element of the same name', () => {
    const { root, sourceOf } = readXml('<key>1<key>2<key/></key>3</key>', { keepSource: ['key'] });
    expect(sourceOf(root)).toBe('1<key>2<key/></key>3');
    expect(sourceOf(elementsOf(root)[0] as XmlElement)).toBe('2<key/>');
  });

  test('behind comments that stand before it', () => {
    expect(sources('<r><!--1234--><?p 56?><key>x<!--7--></key><!--8--><key>y</key></r>', { keepSource: ['key'] })).toEqual([
      'x<!--7-->',
      'y',
    ]);
  });

  const opaque: XmlOptions = { isOpaque: (name) => name === 'content' };

  test('of an opaque element ends at its own end tag', () => {
    const nested = '<content><x/><content/>1</content><![CDATA[</content>]]><!-- </content> --><?p </content>?><a b="/>"/>';
    expect(sources(`<r><content>${nested}</content><content>x</content></r>`, opaque)).toEqual([nested, 'x']);
  });

  test('of an opaque element is not in the tree, what follows is', () => {
    const { root, sourceOf } = readXml(`<r><content e='1'>x<b/></content>\r<!-- -->\n<k>y</k><content>z</content></r>`, opaque);
    expect(root).toEqual(element('r', {}, element('content', { e: '1' }), '\n\n', element('k', {}, 'y'), element('content')));
    expect(elementsOf(root).map((child) => (child.name === 'content' ? sourceOf(child) : ''))).toEqual(['x<b/>', '', 'z']);
  });

  test('opaqueness may depend on the ancestors', () => {
    const isOpaque = (name: string, ancestors: readonly string[]) => name === 'content' && !ancestors.includes('key');
    const { root } = readXml('<r><key><a><content>1</content></a></key><content>2</content></r>', { isOpaque });
    expect(textOf(root)).toBe('1');
  });
});

describe('bounds', () => {
  test('256 elements may be nested', () => {
    expect(read('<a>'.repeat(256) + '</a>'.repeat(256)).name).toBe('a');
  });

  test.each([257, 10_000, 1_000_000])('%i may not', (depth) => {
    expect(refusalOf(() => read('<a>'.repeat(depth)))).toEqual({
      code: 'user.maxSizeExceed',
      message: 'XML line 1, column 769: elements are nested deeper than 256',
    });
  });

  test('the depth inside opaque elements counts too', () => {
    const text = `<content>${'<a>'.repeat(9)}${'</a>'.repeat(9)}</content>`;
    expect(read(text, { isOpaque: () => true, maxDepth: 10 }).name).toBe('content');
    expect(refusalOf(() => read(text, { isOpaque: () => true, maxDepth: 9 })).code).toBe('user.maxSizeExceed');
  });

  test('markup is bounded, the inside of opaque elements is not', () => {
    const options = { maxMarkupChars: 40, isOpaque: (name: string) => name === 'content' };
    expect(read(`<r><content>${'x'.repeat(1000)}</content></r>`, options).name).toBe('r');
    expect(read(`<r><!--${'x'.repeat(1000)}--></r>`, options).name).toBe('r');
    expect(refusalOf(() => read(`<r>${'x'.repeat(40)}<content/></r>`, options)).code).toBe('user.maxSizeExceed');
  });

  test('names have 1,024 characters at most', () => {
    const name = 'x'.repeat(1024);
    expect(read(`<${name} ${name}=''/>`)).toEqual(element(name, { [name]: '' }));
    expect(refusalOf(() => read(`<${name}x/>`)).code).toBe('user.maxSizeExceed');
    expect(refusalOf(() => read(`<a ${name}x=''/>`)).code).toBe('user.maxSizeExceed');
    expect(refusalOf(() => read(`<${name}></${name.slice(1)}>`)).message).toMatch(/^Malformed XML, line 1, column 1027: /);
  });

  test('a tag has 10,000 attributes at most', () => {
    expect(read(`<a ${range(10_000, (i) => `a${i}=''`).join(' ')}/>`).attributes).toHaveLength(10_000);
    expect(refusalOf(() => read(`<a ${range(10_001, (i) => `a${i}=''`).join(' ')}/>`)).code).toBe('user.maxSizeExceed');
  });
});

describe('ten megabytes of malice take no longer than two seconds', () => {
  const repeat = (piece: string): string => piece.repeat((10 * MB) / piece.length);
  const hostile: Readonly<Record<string, () => string>> = {
    'an attribute': () => `<a b='${repeat('x')}'/>`,
    'a text': () => `<a>${repeat('x')}</a>`,
    'an element name': () => `<${repeat('x')}/>`,
    'an attribute name': () => `<a ${repeat('x')}=''/>`,
    attributes: () => `<a ${range(1_000_000, (i) => `a${i}=''`).join(' ')}/>`,
    elements: () => `<a>${repeat('<b/>')}</a>`,
    comments: () => `<a>${repeat('<!--x-->')}</a>`,
    'comments behind \\r': () => `<a>${repeat('\r<!---->')}</a>`,
    instructions: () => `<a>${repeat('<?p?>')}</a>`,
    'CDATA sections': () => `<a>${repeat('<![CDATA[x]]>')}</a>`,
    references: () => `<a>${repeat('&#65;')}</a>`,
    'zeros of a reference': () => `<a>&#${repeat('0')}</a>`,
    ampersands: () => `<a>${repeat('&')}</a>`,
    'less-thans': () => repeat('<'),
    'line ends before a mistake': () => `${repeat('\r\n')}&`,
    'blanks in a tag': () => `<a${repeat(' ')}`,
    'blanks in the declaration': () => `<?xml version='1.0'${repeat(' ')}`,
    'an open quote': () => `<a b='${repeat('"')}`,
    'open comments': () => `<a>${repeat('<!-')}`,
    'a million open elements': () => `<a>${'<a>'.repeat(1_000_000)}`,
    'content elements': () => `<a><content>${repeat('<b/>')}</content></a>`,
    'content attributes': () => `<a><content>${repeat("<b c='d'/>")}</content></a>`,
    'content CDATA': () => `<a><content>${repeat('<![CDATA[]]>')}</content></a>`,
    'a megabyte of small elements': () => `<a>${'<b/>'.repeat(MB / 4 - 2)}</a>`,
    'a megabyte of siblings in the depth': () => `${'<a>'.repeat(200)}${'<b/>'.repeat(200_000)}${'</a>'.repeat(200)}`,
  };

  test.each(Object.keys(hostile))('%s', (title) => {
    const text = hostile[title]?.() ?? '';
    const start = performance.now();
    try {
      read(text, { isOpaque: (name) => name === 'content' });
    } catch (error) {
      refusalOf(() => {
        throw error;
      });
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: XmlElement['children']
): XmlElement {
  return { name, attributes: Object.entries(attributes).map(([key, value]) => ({ name: key, value })), children };
}

function range<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
