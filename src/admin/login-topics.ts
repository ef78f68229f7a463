import type { Broker } from '../broker/broker.ts';
import type { BrokerEvent } from '../broker/events.ts';
import type { Session } from '../broker/session.ts';
import type { ClientProperty } from '../model/client-property.ts';
import type { MsgKey } from '../model/message.ts';
import { createMsgKey, createPlainKey } from '../model/msg-key.ts';
import type { XmlElement } from '../model/xml-element.ts';
import { ANNOUNCEMENT_QOS } from './announcement-qos.ts';

/** With more users than this the list of them is published at most once a second: it is as long as they are many. */
const MAX_IMMEDIATE_USERS = 1_000;
const LIST_EVERY_MS = 1_000;

const LOGIN_OID = '__sys__Login';
const LOGOUT_OID = '__sys__Logout';
const USER_LIST_OID = '__sys__UserList';

/** From now on who comes, who goes and who is there is published (protocol/admin.md, "Who is there"). */
export function publishLogins(broker: Broker): void {
  const topics = new LoginTopics(broker);
  broker.events.subscribe((event) => topics.tell(event));
}

class LoginTopics {
  readonly #broker: Broker;
  #isListDue = false;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  tell(event: BrokerEvent): void {
    if (event.type === 'connect') this.#publishSession(LOGIN_OID, event.session);
    else if (event.type === 'disconnect') this.#publishSession(LOGOUT_OID, event.session);
    else if (event.type === 'subjectAlive' || event.type === 'subjectDead') this.#publishList();
  }

  #publishSession(oid: string, { name, absoluteName }: Session): void {
    const id = String(name.pubSessionId);
    const properties: readonly ClientProperty[] = [
      { name: '__sessionId', type: 'long', value: id },
      { name: '__publicSessionId', type: 'long', value: id },
      { name: '__absoluteName', value: absoluteName },
    ];
    this.#publish(oid, name.subject, properties);
  }

  #publishList(): void {
    if (this.#isListDue) return;
    const { sessions, timers } = this.#broker;
    const publish = (): void => {
      this.#isListDue = false;
      this.#publish(USER_LIST_OID, [...sessions.subjects].map(({ name }) => name).join(','), []);
    };
    if (sessions.subjects.size <= MAX_IMMEDIATE_USERS) publish();
    else {
      this.#isListDue = true;
      timers.start(LIST_EVERY_MS, publish);
    }
  }

  #publish(oid: string, content: string, clientProperties: readonly ClientProperty[]): void {
    const key = KEYS[oid] ?? createPlainKey(oid);
    this.#broker.publishOwn({ key, qos: { ...ANNOUNCEMENT_QOS, clientProperties }, content: Buffer.from(content) });
  }
}

const INTERNAL: XmlElement = { name: '__sys__internal', attributes: [], children: [] };

const KEYS: Readonly<Record<string, MsgKey>> = {
  [LOGIN_OID]: createPlainKey(LOGIN_OID, { contentMime: 'text/plain' }),
  [LOGOUT_OID]: createPlainKey(LOGOUT_OID, { contentMime: 'text/plain' }),
  [USER_LIST_OID]: createMsgKey(USER_LIST_OID, {
    attributes: [
      { name: 'oid', value: USER_LIST_OID },
      { name: 'contentMime', value: 'text/plain' },
    ],
    children: [INTERNAL],
    inner: '<__sys__internal/>',
  }),
};
