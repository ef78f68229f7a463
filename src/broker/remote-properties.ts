import type { ClientProperty } from '../model/client-property.ts';
import { BrokerError } from '../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type PublishUnit, type ReceivedMessage } from '../model/message.ts';
import { createPlainKey } from '../model/msg-key.ts';
import type { QueryQos } from '../model/query.ts';
import type { PublishOutcome } from '../model/replies.ts';
import { brokerName, formatAbsoluteName, parseSessionName, type SessionName } from '../model/session-name.ts';
import { REMOTE_PROPERTIES_OID } from '../model/system-topics.ts';
import type { Timestamp } from '../model/timestamp.ts';
import { readProperties } from '../query/filter/property-value.ts';
import type { MemoryAccount } from './memory-account.ts';
import { bytesOfProperties } from './message.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** What remote properties need of the engine. */
export interface RemotePropertiesContext {
  readonly nodeId: string;
  readonly sessions: Sessions;
  readonly account: MemoryAccount;
  readonly now: () => number;
  readonly newTimestamp: () => Timestamp;
}

/** Of one session; what is more is refused. */
const MAX_PROPERTIES = 100;
const MAX_CHARS = 65_536;

/** In a connect: its client properties are to be kept. */
const FLAG = '__remoteProperties';
/** The client's clock in a connect; kept is how far it is behind. */
const CLIENT_TIME = '__UTC';
/** In a publish and a get: whose properties, and in a publish which ones, by how their names begin. */
const SESSION_NAME = '__sessionName';
const PREFIX = '__prefix';

/** What clients tell about themselves for others to see: client properties that stay with a session (protocol/http.md). */
export class RemoteProperties {
  readonly #context: RemotePropertiesContext;
  readonly #bySession = new Map<Session, ReadonlyMap<string, ClientProperty>>();

  constructor(context: RemotePropertiesContext) {
    this.#context = context;
  }

  of(session: Session): ReadonlyMap<string, ClientProperty> {
    return this.#bySession.get(session) ?? NONE;
  }

  /** What a connect with these properties brings. @throws BrokerError `user.maxSizeExceed`. */
  read(properties: readonly ClientProperty[]): ReadonlyMap<string, ClientProperty> {
    return readProperties(properties).get(FLAG)?.toString() === 'true' ? this.#merge(NONE, properties) : NONE;
  }

  /** A client has connected with what `read` returned. @throws BrokerError `user.maxSizeExceed`. */
  connected(session: Session, properties: ReadonlyMap<string, ClientProperty>): void {
    if (properties.size > 0) this.#keep(session, this.#merge(this.of(session), [...properties.values()]));
  }

  /**
   * A publish on `__sys__remoteProperties`: the content says what is to be done with the client properties of its QoS.
   *
   * @throws BrokerError `user.security.authorization.notAuthorized`, `user.maxSizeExceed`, `resource.exhaust`.
   */
  publish(session: Session, { content, qos }: PublishUnit): PublishOutcome {
    const command = commandOf(content);
    if (LOG_COMMANDS.has(command)) return this.#done('Nothing to clear: this broker remembers no last error and no last warning');
    const values = readProperties(qos.clientProperties);
    const target = this.#find(session, nameOf(values) ?? qos.destinations[0]?.name);
    if (!target) return { refusedAs: 'WARNING' };
    const properties = qos.clientProperties.filter(({ name }) => name !== SESSION_NAME && name !== PREFIX);
    if (command === 'clear') this.#clear(target, values.get(PREFIX)?.toString() ?? '');
    else {
      this.#context.account.require(bytesOfProperties(properties));
      this.#keep(target, this.#merge(command === 'set' ? NONE : this.of(target), properties));
    }
    return this.#done(undefined);
  }

  /** A get of `__sys__remoteProperties`: one message; none when there is no such session. @throws BrokerError as `publish`. */
  get(session: Session, qos: QueryQos): ReceivedMessage[] {
    const target = this.#find(session, nameOf(readProperties(qos.clientProperties)));
    if (!target) return [];
    return [
      {
        key: createPlainKey(REMOTE_PROPERTIES_OID),
        content: Buffer.alloc(0),
        qos: { ...DEFAULT_PUBLISH_QOS, clientProperties: [...this.of(target).values()] },
        sender: brokerName(this.#context.nodeId),
        rcvTimestamp: this.#context.newTimestamp(),
        expiresAt: Number.POSITIVE_INFINITY,
        sharedQos: undefined,
      },
    ];
  }

  /** The session is over. */
  forget(session: Session): void {
    this.#keep(session, NONE);
  }

  /** Whose properties are meant; others than one's own need the right of an administrator. */
  #find(session: Session, name: SessionName | undefined): Session | undefined {
    const { nodeId, sessions } = this.#context;
    if (name === undefined || formatAbsoluteName(nodeId, name) === session.absoluteName) return session;
    if (session.principal.isAdmin) return sessions.subjects.get(name.subject)?.sessions.get(name.pubSessionId ?? 0);
    throw new BrokerError(
      'user.security.authorization.notAuthorized',
      `${session.principal.user} may not see or change the properties of other sessions; that needs the right admin`,
    );
  }

  /** `known` and what is new, which replaces what has the same name. @throws BrokerError `user.maxSizeExceed`. */
  #merge(known: ReadonlyMap<string, ClientProperty>, properties: readonly ClientProperty[]): ReadonlyMap<string, ClientProperty> {
    const merged = new Map(known);
    for (const property of properties) {
      const kept = property.name === CLIENT_TIME ? timeOffset(property.value, this.#context.now()) : property;
      if (kept && kept.name !== FLAG) merged.set(kept.name, kept);
    }
    const chars = [...merged.values()].reduce((sum, { name, value }) => sum + name.length + value.length, 0);
    if (merged.size <= MAX_PROPERTIES && chars <= MAX_CHARS) return merged;
    throw new BrokerError(
      'user.maxSizeExceed',
      `The session would have ${merged.size} properties with ${chars} characters; at most ${MAX_PROPERTIES} with ${MAX_CHARS} are kept`,
    );
  }

  #done(info: string | undefined): PublishOutcome {
    return { oid: REMOTE_PROPERTIES_OID, rcvTimestamp: this.#context.newTimestamp(), info, isNewTopic: false };
  }

  #clear(session: Session, prefix: string): void {
    this.#keep(session, new Map([...this.of(session)].filter(([name]) => !name.startsWith(prefix))));
  }

  #keep(session: Session, properties: ReadonlyMap<string, ClientProperty>): void {
    const { account } = this.#context;
    account.release(bytesOfProperties(this.of(session).values()));
    account.charge(bytesOfProperties(properties.values()));
    if (properties.size > 0) this.#bySession.set(session, properties);
    else this.#bySession.delete(session);
  }
}

const NONE: ReadonlyMap<string, ClientProperty> = new Map();

/** Of the original; they concern the log of the server, not the session. */
const LOG_COMMANDS: ReadonlySet<string> = new Set(['clearLastError', 'clearLastWarning']);

/** No command is longer. */
const MAX_COMMAND_BYTES = 64;

function commandOf(content: Buffer): string {
  return content.toString('utf8', 0, MAX_COMMAND_BYTES).trim().split(' ', 1)[0] as string;
}

/** @throws BrokerError `user.illegalArgument` for a name that is none. */
function nameOf(values: ReturnType<typeof readProperties>): SessionName | undefined {
  const name = values.get(SESSION_NAME);
  return name === undefined ? undefined : parseSessionName(String(name));
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How far the client's clock is behind, as a duration of ISO 8601; undefined when `text` is no time. */
function timeOffset(text: string, nowMs: number): ClientProperty | undefined {
  const offsetMs = nowMs - Date.parse(text.trim().replace(' ', 'T'));
  if (Number.isNaN(offsetMs)) return undefined;
  const hours = Math.trunc(offsetMs / HOUR_MS);
  const minutes = Math.trunc((offsetMs % HOUR_MS) / MINUTE_MS);
  const seconds = (offsetMs % MINUTE_MS) / SECOND_MS;
  const parts = [
    hours === 0 ? '' : `${hours}H`,
    minutes === 0 ? '' : `${minutes}M`,
    seconds === 0 && offsetMs !== 0 ? '' : `${Number.isInteger(seconds) ? seconds : seconds.toFixed(3)}S`,
  ];
  return { name: '__timeOffset', value: `PT${parts.join('')}` };
}
