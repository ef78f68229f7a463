import { escapeAttribute } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import type { RawUnit } from './socket-frame.ts';

/** Shorter bodies hold nothing: only the NULs, if those. */
const MIN_BODY_BYTES = 4;

/**
 * Reads the body of an applet's request: oid, key and QoS, with a NUL behind each, then the content. An oid stands for a key of that
 * oid alone.
 *
 * @throws BrokerError `user.illegalArgument` when a NUL is missing.
 */
export function decodeAppletRequest(body: Buffer): RawUnit {
  if (body.length < MIN_BODY_BYTES) return { key: '', qos: '', content: Buffer.alloc(0) };
  const fields: string[] = [];
  let start = 0;
  while (fields.length < 3) {
    const end = body.indexOf(0, start);
    if (end < 0) throw new BrokerError('user.illegalArgument', NO_FIELDS);
    fields.push(body.toString('utf8', start, end));
    start = end + 1;
  }
  const [oid = '', key = '', qos = ''] = fields;
  return { key: oid === '' ? key : `<key oid='${escapeAttribute(oid)}'/>`, qos, content: body.subarray(start) };
}

const NO_FIELDS = 'The body must be oid, key and QoS, each with a NUL behind it, and then the content';
