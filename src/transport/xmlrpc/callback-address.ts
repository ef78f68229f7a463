import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { PushTarget } from '../../broker/push-target.ts';
import { BrokerError } from '../../model/error.ts';

/** Where a callback is: the broker connects to this IP address, whatever the name in the URL means later. */
export interface CallbackAddress {
  readonly url: URL;
  readonly ip: string;
}

/**
 * Reads the address of a callback and looks up the IP address that it is at. A client can make the broker send requests only to the machine that it
 * came from itself, or to hosts in `allowed` (protocol/xmlrpc.md, "Callback addresses").
 *
 * @throws BrokerError `user.illegalArgument` for what is no http URL or a name that nobody knows,
 * `user.security.authorization.notAuthorized` for another host.
 */
export async function resolveCallback(text: string, peer: string | undefined, allowed: readonly string[]): Promise<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '') {
    throw new BrokerError('user.illegalArgument', 'The callback address of XMLRPC must be a URL like http://host:8081/RPC2');
  }
  const host = hostOf(url);
  const ips = await addressesOf(host);
  const ip = ips.find((address) => address === plain(peer)) ?? ips.find((address) => mayCall(host, address, peer, allowed));
  if (ip !== undefined) return ip;
  throw notAllowed(host, peer);
}

/**
 * Asks once more, with what is allowed now, for a callback of an earlier life of the broker.
 *
 * @throws BrokerError `user.security.authorization.notAuthorized`.
 */
export function checkCallback({ qos, ip, peer }: PushTarget, allowed: readonly string[]): void {
  const host = hostOf(new URL(qos.address));
  if (!mayCall(host, ip, peer, allowed)) throw notAllowed(host, peer);
}

function mayCall(host: string, ip: string, peer: string | undefined, allowed: readonly string[]): boolean {
  const from = plain(peer);
  return ip === from || (isOwn(from) && isOwn(ip)) || allowed.some((name) => name.toLowerCase() === host);
}

function notAllowed(host: string, peer: string | undefined): BrokerError {
  return new BrokerError(
    'user.security.authorization.notAuthorized',
    `The callback address is on ${host}, and the client came from ${plain(peer)}; start the broker with --callback-allow ${host} to allow it`,
  );
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => plain(address));
  } catch (error) {
    throw new BrokerError('user.illegalArgument', `The host of the callback address, ${host}, is unknown`, { cause: error });
  }
}

/** Whether it is an address of the machine on which the broker runs. */
function isOwn(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}

function plain(address = ''): string {
  return address.replace(/^::ffff:/, '');
}
