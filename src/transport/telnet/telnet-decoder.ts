/** What one chunk of bytes comes to. */
export interface Decoded {
  /** What was typed. Line ends are LF, alone or behind a CR. */
  readonly text: Buffer;
  /** To be sent back: a refusal of each option that the client wants to talk about. */
  readonly refusals: Buffer;
}

const NUL = 0;
const LF = 10;
const CR = 13;

// RFC 854
const SE = 240;
const DM = 242;
const SB = 250;
const WILL = 251;
const WONT = 252;
const DO = 253;
const DONT = 254;
const IAC = 255;
/** Below it are no commands (RFC 1184). */
const FIRST_COMMAND = 236;

/**
 * Takes the commands of telnet (RFC 854) out of what a client sends. It wants no options, and so needs no state for them.
 * Programs that know nothing of telnet never send its first byte in UTF-8.
 */
export class TelnetDecoder {
  #state: 'text' | 'command' | 'option' | 'parameters' | 'command in parameters' = 'text';
  /** DO, WILL and the like, until its option comes. */
  #request = 0;
  #last = 0;

  decode(chunk: Buffer): Decoded {
    const text: number[] = [];
    const refusals: number[] = [];
    for (const byte of chunk) this.#take(byte, text, refusals);
    return { text: Buffer.from(text), refusals: Buffer.from(refusals) };
  }

  #take(byte: number, text: number[], refusals: number[]): void {
    switch (this.#state) {
      case 'text':
        // Of IAC DM, behind an interrupt, one byte is urgent data, which does not arrive among the rest; no character has this one.
        if (byte === IAC) this.#state = 'command';
        else if (byte !== DM) this.#takeText(byte, text);
        break;
      case 'command':
        this.#takeCommand(byte, text);
        break;
      case 'option':
        this.#state = 'text';
        if (this.#request === DO) refusals.push(IAC, WONT, byte);
        if (this.#request === WILL) refusals.push(IAC, DONT, byte);
        break;
      case 'parameters':
        if (byte === IAC) this.#state = 'command in parameters';
        break;
      case 'command in parameters':
        this.#state = byte === SE ? 'text' : 'parameters';
    }
  }

  /** A CR that ends a line is followed by LF, or else by NUL. */
  #takeText(byte: number, text: number[]): void {
    if (byte !== NUL) text.push(byte);
    else if (this.#last === CR) text.push(LF);
    this.#last = byte;
  }

  #takeCommand(byte: number, text: number[]): void {
    this.#state = 'text';
    if (byte === SB) this.#state = 'parameters';
    else if (byte >= WILL && byte <= DONT) {
      this.#state = 'option';
      this.#request = byte;
    } else if (byte === IAC || byte < FIRST_COMMAND) {
      // Escaped; or what comes behind the DM that did not arrive.
      this.#takeText(byte, text);
    }
  }
}
