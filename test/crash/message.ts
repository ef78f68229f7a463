/** What a publisher sends, and how its content looks. */
export interface Message {
  /** Its number in the whole run; it stands at the beginning of its content. */
  readonly number: number;
  readonly publisher: string;
  readonly topic: string;
  readonly priority: number;
  readonly isPersistent: boolean;
  /** Undefined: for the subscribers of the topic. */
  readonly destination: string | undefined;
  readonly contentBytes: number;
  /** The life of the broker in which it was sent. */
  readonly life: number;
}

/** Nothing in it is special to XML. */
const FILLER = 'The quick brown fox jumps over the lazy dog. 0123456789. ';

/** Every message has its own content, so that a mixed-up or damaged one is noticed. */
export function contentOf({ number, contentBytes }: Pick<Message, 'number' | 'contentBytes'>): string {
  const start = number % FILLER.length;
  const filler = FILLER.slice(start) + FILLER.slice(0, start);
  return `${number} ${filler.repeat(Math.ceil(contentBytes / FILLER.length))}`.slice(
    0,
    Math.max(contentBytes, `${number} `.length),
  );
}

/** The number in a content; NaN when it is none of ours. */
export function numberIn(content: string): number {
  return /^[0-9]+ /.test(content) ? Number.parseInt(content, 10) : Number.NaN;
}

/** What a topic says about itself; undefined: it is for destinations. */
export const TOPICS: Readonly<Record<string, string>> = {
  t0: "<crash n='0'/>",
  t1: "<crash n='1'/>",
  t2: "<crash n='2'/>",
  /** Transient messages, too. */
  mixed: "<crash n='9'/>",
  letters: '<letter/>',
};

/** So many messages a history keeps by default. */
export const HISTORY_ENTRIES = 10;

/** Topics whose messages are all persistent and not addressed, so that it is known what their histories hold. */
export const HISTORY_TOPICS: readonly string[] = ['t0', 't1', 't2'];
