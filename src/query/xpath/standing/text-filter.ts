/** Bits of a small filter, which is one number. */
const SMALL_BITS = 30;
const MAX_WORDS = 65_536;
/** The filter grows when it has fewer bits for a text. */
const MIN_BITS_PER_TEXT = 8;

/**
 * Says of most texts that they are not in a table, by three of their characters: a map would first have to hash all of them, which is
 * what takes longest when many short texts are looked up.
 */
export class TextFilter {
  #small = 0;
  #words: Uint32Array | undefined;
  #texts = 0;

  /** Adds a text; `all` are those that are there already. What leaves the table stays in here until the filter grows. */
  add(text: string, all: () => Iterable<string>): void {
    const bits = this.#words === undefined ? SMALL_BITS : this.#words.length * 32;
    if (++this.#texts * MIN_BITS_PER_TEXT > bits && bits < MAX_WORDS * 32) this.#grow(bits, all());
    this.#set(text);
  }

  /** False when none of the texts is the beginning of `text` with this length. */
  mayHave(text: string, length: number): boolean {
    const code = codeOf(text, length);
    const words = this.#words;
    if (words === undefined) return ((this.#small >> (code % SMALL_BITS)) & 1) === 1;
    return (((words[(code >> 5) & (words.length - 1)] as number) >> (code & 31)) & 1) === 1;
  }

  #grow(bits: number, all: Iterable<string>): void {
    const words = Math.max(8, 2 ** Math.ceil(Math.log2((bits / 32) * 4)));
    this.#words = new Uint32Array(Math.min(MAX_WORDS, words));
    this.#texts = 1;
    for (const text of all) {
      this.#texts++;
      this.#set(text);
    }
  }

  #set(text: string): void {
    const code = codeOf(text, text.length);
    const words = this.#words;
    if (words === undefined) this.#small |= 1 << (code % SMALL_BITS);
    else {
      const at = (code >> 5) & (words.length - 1);
      words[at] = (words[at] as number) | (1 << (code & 31));
    }
  }
}

/** From the last two characters and the one in the middle of the first `length`. */
function codeOf(text: string, length: number): number {
  if (length < 2) return length === 0 ? 0 : text.charCodeAt(0);
  const last = text.charCodeAt(length - 1);
  return ((last * 31 + text.charCodeAt(length - 2)) * 31 + text.charCodeAt(length >> 1) * 7 + length) & 0x3fffffff;
}
