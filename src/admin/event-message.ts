import type { ClientProperty } from '../model/client-property.ts';
import type { PublishUnit } from '../model/message.ts';
import { createMsgKey } from '../model/msg-key.ts';
import type { XmlElement } from '../model/xml-element.ts';
import { ANNOUNCEMENT_QOS } from './announcement-qos.ts';
import type { Happening } from './event-topics.ts';

/** The message that tells of an event: key, content and client properties as in the original. */
export function createEventUnit(oid: string, { type, summary, properties }: Happening, nodeId: string): PublishUnit {
  const clientProperties: readonly ClientProperty[] = [
    { name: '_summary', value: summary },
    { name: '_description', value: summary },
    { name: '_eventType', value: type },
    ...properties,
    { name: '_nodeId', value: nodeId },
  ];
  const attributes = [
    { name: 'oid', value: oid },
    { name: 'contentMime', value: 'text/plain' },
    { name: 'contentMimeExtended', value: '1.0' },
  ];
  const key = createMsgKey(oid, { attributes, children: [KEY_CHILD], inner: '<org.xmlBlaster><event/></org.xmlBlaster>' });
  return { key, qos: { ...ANNOUNCEMENT_QOS, clientProperties }, content: Buffer.from(type) };
}

const EVENT: XmlElement = { name: 'event', attributes: [], children: [] };
const KEY_CHILD: XmlElement = { name: 'org.xmlBlaster', attributes: [], children: [EVENT] };
