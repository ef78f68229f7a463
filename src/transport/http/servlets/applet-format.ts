import { type AppletObject, encodeAppletLine } from '../../../codec/applet-object.ts';
import { keyTable, qosTable } from '../../../codec/applet-table.ts';
import { BrokerError } from '../../../model/error.ts';
import { SAFE_HEADERS } from '../http-error.ts';
import { exceptionText } from './exception-text.ts';
import type { PushFormat } from './push-channel.ts';

/** An error as applets show it. */
export function exceptionObject(error: BrokerError): AppletObject {
  return { type: 'text', text: exceptionText(error) };
}

/** What stands behind each part, as the original writes it. */
const BOUNDARY = '--End\r\n';

/**
 * The stream of an applet: each statement is a line of base64 and a part of its own (protocol/http-legacy.md, "Applets").
 * `callbackSessionId` goes with each update.
 */
export function appletFormat(callbackSessionId: string): PushFormat {
  return {
    headers: { ...SAFE_HEADERS, 'Content-Type': 'multipart/x-mixed-replace;boundary=End' },
    opening: `\r\n${BOUNDARY}`,
    saysReady: false,
    ping: (state) => line('ping', { type: 'text', text: `<qos id='${state}'/>` }),
    error: (error) => line('exception', exceptionObject(error)),
    update: ({ message, parts }, info, nowMs) =>
      line(
        'update',
        { type: 'text', text: callbackSessionId },
        { type: 'table', table: qosTable(message, info, nowMs) },
        { type: 'table', table: keyTable(message, parts) },
        { type: 'text', text: parts.content ? encodeContent(message.content) : '' },
      ),
    part: (statements) => statements,
  };
}

function line(method: string, ...objects: readonly AppletObject[]): string {
  return `${[...encodeAppletLine(method, objects)].join('')}\r\n${BOUNDARY}`;
}

/** In an update content is a text in base64, and so has to fit into one. */
const MAX_CONTENT_BYTES = 49_149;

function encodeContent(content: Buffer): string {
  if (content.length <= MAX_CONTENT_BYTES) return content.toString('base64');
  const problem = `The content has ${content.length} bytes`;
  throw new BrokerError(
    'user.maxSizeExceed',
    `${problem}; updates of applets carry at most ${MAX_CONTENT_BYTES}, get carries any`,
  );
}
