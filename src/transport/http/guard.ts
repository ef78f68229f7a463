import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** Which requests a browser page may cause, and under which names the broker may be addressed (protocol/http.md, "Protection"). */
export class Guard {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor(corsOrigins: readonly string[], allowedHosts: readonly string[], boundHost: string) {
    this.#origins = new Set(corsOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.#hosts = new Set(['localhost', boundHost.toLowerCase(), ...allowedHosts.map((host) => host.toLowerCase())]);
  }

  /** @throws HttpError 400 or 403 before anything has happened. */
  check(request: IncomingMessage): void {
    this.#checkHost(request);
    const origin = request.headers.origin;
    if (origin !== undefined) this.#checkOrigin(origin, request);
    else checkFetchSite(request);
  }

  /** The value for Access-Control-Allow-Origin, when the request comes from an allowed page of another origin. */
  allowedOrigin(request: IncomingMessage): string | undefined {
    const origin = request.headers.origin;
    return origin !== undefined && this.#origins.has(origin.toLowerCase()) ? origin : undefined;
  }

  #checkHost(request: IncomingMessage): void {
    const header = request.headers.host;
    if (header === undefined || header === '') {
      if (request.httpVersion === '1.0') return;
      throw new HttpError(400, 'The Host header is missing');
    }
    const host = hostnameOf(header);
    if (this.#hosts.has(host) || isLoopback(host) || host === localAddress(request)) return;
    throw forbidden(
      `The broker is not addressed as "${header.slice(0, 100)}"; use localhost, or start it with --allowed-host ${host.slice(0, 100)}`,
    );
  }

  #checkOrigin(origin: string, request: IncomingMessage): void {
    const lower = origin.toLowerCase();
    const own = request.headers.host?.toLowerCase();
    if (this.#origins.has(lower) || (own !== undefined && (lower === `http://${own}` || lower === `https://${own}`))) return;
    if (lower === 'null') throw forbidden('Pages without an origin (files, sandboxed frames) may not use this broker');
    const shown = origin.slice(0, 100);
    throw forbidden(`Pages of ${shown} may not use this broker; start it with --cors-origin ${shown} to allow it`);
  }
}

/**
 * Whether a request shows that a page of the broker's own origin sent it, or one of another origin that `Guard` has let through. A
 * link or an image on any page makes browsers send a GET, too.
 */
export function isOwnPage({ headers: { origin, referer, host, ...headers } }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined || origin !== undefined) return site === 'same-origin' || origin !== undefined;
  return referer !== undefined && URL.canParse(referer) && new URL(referer).host === host?.toLowerCase();
}

/** Whether a browser sent a request for some page, as far as that shows: other programs say nothing of pages. */
export function isFromPage({ headers: { origin, referer, ...headers } }: IncomingMessage): boolean {
  return (headers['sec-fetch-site'] ?? origin ?? referer) !== undefined;
}

/** The refusal of a GET that would change something, and does not show that a page of the broker's own sent it. */
export function foreignGet(): HttpError {
  return forbidden('By GET only pages of the broker itself may do this; send it as POST');
}

/** Pages of other sites send no Origin with a simple GET, but the browser says where it comes from. */
function checkFetchSite(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return;
  const isVisit = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET' && request.url === '/';
  if (!isVisit) throw forbidden(`A page of another site (Sec-Fetch-Site: ${site}) may not use this broker`);
}

function hostnameOf(header: string): string {
  const host = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]*)?$/.exec(header.trim().toLowerCase());
  return (host?.[1] ?? host?.[2] ?? '').replace(/\.$/, '');
}

function isLoopback(host: string): boolean {
  return /^127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/.test(host) || host === '::1';
}

function localAddress(request: IncomingMessage): string | undefined {
  return request.socket.localAddress?.replace(/^::ffff:/, '');
}

function forbidden(message: string): HttpError {
  return new HttpError(403, message, {}, 'user.security.authorization.notAuthorized');
}
