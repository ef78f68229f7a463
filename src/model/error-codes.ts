/**
 * The original's error codes that this broker answers with, each with its HTTP status. Clients of every transport see exactly
 * these strings; protocol/error-codes.md has the meaning of each, and all others of the original.
 */
export const HTTP_STATUS = {
  'communication.noConnection.callbackServer.notavailable': 503,
  'communication.noConnection.serverDeny': 503,
  'internal.unknown': 500,
  'resource.configuration.pluginFailed': 400,
  'resource.exhaust': 503,
  'resource.overflow.queue.bytes': 429,
  'resource.overflow.queue.entries': 429,
  'user.configuration': 400,
  'user.configuration.identicalClient': 409,
  'user.configuration.maxSession': 429,
  'user.connect.multiple': 409,
  'user.illegalArgument': 400,
  'user.maxSizeExceed': 413,
  'user.notConnected': 401,
  'user.oid.unknown': 404,
  'user.ptp.denied': 403,
  'user.ptp.unknownDestination': 404,
  'user.publish.readonly': 409,
  'user.query.invalid': 422,
  'user.query.type.invalid': 400,
  'user.security.authentication.accessDenied': 401,
  'user.security.authorization.notAuthorized': 403,
  'user.subscribe.id': 400,
  'user.subscribe.noCallback': 400,
  'user.wrongApiUsage': 400,
} as const satisfies Readonly<Record<string, number>>;

export type ErrorCode = keyof typeof HTTP_STATUS;
