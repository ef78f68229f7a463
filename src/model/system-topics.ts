import { BrokerError } from './error.ts';

/** Where messages go that could not be delivered. */
export const DEAD_MESSAGE_OID = '__sys__deadMessage';

/** What clients tell about themselves: the only one of the broker's topics that clients publish on. */
export const REMOTE_PROPERTIES_OID = '__sys__remoteProperties';

const SYSTEM_PREFIX = '__sys__';
const COMMAND_PREFIX = '__cmd:';

/** Topics that the broker alone publishes and nobody erases. */
export function isSystemOid(oid: string): boolean {
  return oid.startsWith(SYSTEM_PREFIX);
}

/** Questions to the broker itself. */
export function isCommandOid(oid: string): boolean {
  return oid.startsWith(COMMAND_PREFIX);
}

/** The path of a command: what stands behind `__cmd:`. */
export function commandPathOf(oid: string): string {
  return oid.slice(COMMAND_PREFIX.length);
}

/** @throws BrokerError when a client may not use `oid` for a topic of its own. */
export function checkClientOid(oid: string): void {
  if (isSystemOid(oid)) {
    throw new BrokerError('user.security.authorization.notAuthorized', `Only the broker publishes on ${SYSTEM_PREFIX}… topics`);
  }
}
