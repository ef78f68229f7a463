import type { MethodResponse, RpcValue } from '../../codec/xmlrpc.ts';

type Call = (method: string) => Promise<MethodResponse | undefined>;

/**
 * The names of a callback server's methods: `update` in clients of xmlBlaster 1.x, `$default.update` in those of 2.x. The first
 * name that is there is remembered (protocol/xmlrpc.md, "Push").
 */
export class CallbackMethods {
  #prefix: '' | '$default.';
  #isCertain = false;

  constructor(isVersion2: boolean) {
    this.#prefix = isVersion2 ? '$default.' : '';
  }

  /** Calls `method` by the likely name, and if that is not there once by the other one. */
  async call(method: string, call: Call): Promise<CallbackAnswer> {
    const answer = await call(this.#prefix + method);
    if (this.#isCertain || !isUnknownMethod(answer)) {
      this.#isCertain = true;
      return toAnswer(answer);
    }
    const other = this.#prefix === '' ? '$default.' : '';
    const second = await call(other + method);
    if (isUnknownMethod(second)) return toAnswer(answer);
    this.#prefix = other;
    this.#isCertain = true;
    return toAnswer(second);
  }
}

/** What a client answered: something, or a fault. An empty body says as little as an empty string. */
export type CallbackAnswer = { readonly value: RpcValue } | { readonly fault: string };

function toAnswer(response: MethodResponse | undefined): CallbackAnswer {
  if (!response) return { fault: 'The callback server answers nothing' };
  return 'value' in response ? response : { fault: response.fault.message };
}

/** Every library says it in its own words; mono answers nothing at all. */
function isUnknownMethod(response: MethodResponse | undefined): boolean {
  if (!response) return true;
  if ('value' in response) return false;
  const { code, message } = response.fault;
  if (/errorCode=/.test(message)) return false;
  return code === -32601 || UNKNOWN_METHOD.test(message);
}

const UNKNOWN_METHOD =
  /method .*is not supported|no such (?:method|handler)|(?:unknown|undefined) method|method .*(?:not found|does not exist)|no default handler|no method matching/i;
