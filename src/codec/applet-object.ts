import { encodeJavaUtf } from './java-utf.ts';

/** What a key or a QoS says, by paths like those of XPath: `/key/@oid`. */
export type AppletTable = ReadonlyMap<string, string>;

/** A message in the answer to a get. */
interface AppletMessage {
  readonly qos: AppletTable;
  readonly key: AppletTable;
  readonly content: Buffer;
}

/** What applets can read (protocol/http-legacy.md, "Objects"). */
export type AppletObject =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'table'; readonly table: AppletTable }
  | { readonly type: 'tables'; readonly tables: readonly AppletTable[] }
  | { readonly type: 'messages'; readonly messages: readonly AppletMessage[] };

const TYPE_CODES: Readonly<Record<AppletObject['type'], number>> = { text: 0, table: 1, tables: 2, messages: 3 };

/**
 * One line of base64 with a method's name and then `objects`, in pieces that belong together.
 *
 * @throws BrokerError `user.maxSizeExceed` while it is iterated, for a text that is too long.
 */
export function* encodeAppletLine(method: string, objects: readonly AppletObject[]): Generator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for (const bytes of encodeObjects([{ type: 'text', text: method }, ...objects])) {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const whole = all.length - (all.length % 3);
    if (whole > 0) yield all.toString('base64', 0, whole);
    rest = all.subarray(whole);
  }
  yield rest.toString('base64');
}

function* encodeObjects(objects: readonly AppletObject[]): Generator<Buffer> {
  for (const object of objects) {
    const type = int32(TYPE_CODES[object.type]);
    if (object.type === 'text') yield Buffer.concat([type, encodeJavaUtf(object.text)]);
    else if (object.type === 'table') yield Buffer.concat([type, encodeTable(object.table)]);
    else if (object.type === 'tables')
      yield Buffer.concat([type, int32(object.tables.length), ...object.tables.map(encodeTable)]);
    else {
      yield Buffer.concat([type, int32(object.messages.length)]);
      for (const { qos, key, content } of object.messages)
        yield Buffer.concat([encodeTable(qos), encodeTable(key), int32(content.length), content]);
    }
  }
}

/** An empty table, too, says how many entries it has; the original's own writer left that out, and its reader lost its place. */
function encodeTable(table: AppletTable): Buffer {
  const entries = [...table].flatMap(([key, value]) => [encodeJavaUtf(key), encodeJavaUtf(value)]);
  return Buffer.concat([int32(table.size), ...entries]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
