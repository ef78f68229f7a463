import { escapeAttribute, escapeText } from '../base/xml-text.ts';
import type { Broker } from '../broker/broker.ts';
import type { Session } from '../broker/session.ts';
import type { Topic } from '../broker/topic.ts';
import { type CommandCall, formatTime } from './command.ts';
import { encodeSubscription } from './subscription-xml.ts';

/** Characters after which a dump ends with a remark. */
const MAX_CHARS = 8_000_000;

/** All sessions with their subscriptions, and all topics, with the element names of the original. */
export async function dumpBroker({ broker, version }: CommandCall): Promise<{ readonly xml: string }> {
  const now = formatTime(broker.now());
  let xml = `<xmlBlaster id='${escapeAttribute(broker.nodeId)}' version='${escapeAttribute(version)}' dumpTimestamp='${now}'>\n`;
  const parts = [
    { name: 'Authenticate', pieces: pieces(broker.sessions.all(), dumpSession) },
    { name: 'RequestBroker', pieces: pieces(allTopics(broker), (topic) => dumpTopic(topic, broker.nodeId)) },
  ];
  for (const { name, pieces } of parts) {
    xml += `<${name}>\n`;
    for (const piece of pieces) {
      if (xml.length > MAX_CHARS) {
        xml += `<!-- more than ${MAX_CHARS} characters: the rest is left out -->\n`;
        break;
      }
      xml += piece;
      await broker.breathe();
    }
    xml += `</${name}>\n`;
  }
  return { xml: `${xml}</xmlBlaster>` };
}

/** Those of which only updates are on their way still, too. */
function* allTopics({ topics }: Broker): Generator<Topic> {
  yield* topics;
  yield* topics.softErased;
}

function* pieces<T>(items: Iterable<T>, dump: (item: T) => string): Generator<string> {
  for (const item of items) yield dump(item);
}

function dumpSession({ absoluteName, dispatcher, subscriptions, createdAt }: Session): string {
  const state = dispatcher.hasChannel ? 'ALIVE' : 'POLLING';
  const attributes = `id='${escapeAttribute(absoluteName)}' state='${state}' loginDate='${formatTime(createdAt)}'`;
  const inner = [...subscriptions.values()].map((subscription) => `  ${encodeSubscription(subscription)}\n`).join('');
  return ` <SessionInfo ${attributes} cbQueueNumMsgs='${dispatcher.queue.size}'>\n${inner} </SessionInfo>\n`;
}

function dumpTopic({ oid, state, routes, history }: Topic, nodeId: string): string {
  const id = escapeAttribute(`${nodeId}/topic/${oid}`);
  return (
    ` <TopicHandler id='${id}' state='${state.replace('_', '')}'>\n  <uniqueKey>${escapeText(oid)}</uniqueKey>\n` +
    `  <numSubscribers>${routes.size}</numSubscribers>\n  <numOfHistoryEntries>${history.size}</numOfHistoryEntries>\n </TopicHandler>\n`
  );
}
