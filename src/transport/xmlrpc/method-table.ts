import type { RpcValue } from '../../codec/xmlrpc.ts';
import { isArray } from '../../codec/xmlrpc.ts';

/**
 * The methods and the forms of their parameters, a letter for each: `s` string, `n` string or nil, `c` content (string or base64),
 * `a` array, `u` a message unit [key, content, QoS], `U` an array of them.
 */
const METHODS = {
  'authenticate.login': ['ssss'],
  'authenticate.connect': ['s', 'ns'],
  'authenticate.connectSingleChannel': ['s', 'ns'],
  'authenticate.disconnect': ['ss'],
  'authenticate.logout': ['s'],
  'authenticate.ping': ['', 's'],
  'authenticate.xmlScriptInvoke': ['s'],
  'xmlBlaster.ping': ['', 's'],
  'xmlBlaster.publish': ['sscs', 'su'],
  'xmlBlaster.publishArr': ['sU'],
  'xmlBlaster.publishOneway': ['sU'],
  'xmlBlaster.subscribe': ['sss'],
  'xmlBlaster.unSubscribe': ['sss'],
  'xmlBlaster.erase': ['sss'],
  'xmlBlaster.get': ['sss', 'ssss'],
  'xmlBlaster.toXml': ['s'],
  'xmlBlaster.xmlScriptInvoke': ['s'],
  'xmlBlaster.updateRequest': ['sss'],
  'xmlBlaster.updateAckOrException': ['ssan'],
  'xmlBlaster.shutdownCb': ['s'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type MethodName = keyof typeof METHODS;

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** Whether parameters have one of the forms of `method`. */
export function fits(method: MethodName, params: readonly RpcValue[]): boolean {
  return METHODS[method].some((form) => form.length === params.length && params.every((param, i) => isOfForm(param, form[i])));
}

/** The parameters as a person reads them: `string, int`. */
export function describeParams(params: readonly RpcValue[]): string {
  return params.length === 0 ? 'none' : params.slice(0, MAX_DESCRIBED).map(typeOf).join(', ');
}

const MAX_DESCRIBED = 10;

function isOfForm(value: RpcValue, form: string | undefined): boolean {
  switch (form) {
    case 's':
      return typeof value === 'string';
    case 'n':
      return typeof value === 'string' || value === null;
    case 'c':
      return typeof value === 'string' || Buffer.isBuffer(value);
    case 'a':
      return isArray(value);
    case 'U':
      return isArray(value) && value.every((unit) => isOfForm(unit, 'u'));
    default:
      return isArray(value) && value.length === UNIT.length && value.every((part, i) => isOfForm(part, UNIT[i]));
  }
}

const UNIT = 'scs';

function typeOf(value: RpcValue): string {
  if (value === null) return 'nil';
  if (Buffer.isBuffer(value)) return 'base64';
  if (isArray(value)) return 'array';
  return value instanceof Map ? 'struct' : typeof value;
}
