import type { Broker } from '../../broker/broker.ts';
import type { Session } from '../../broker/session.ts';
import type { Frame } from '../../codec/socket-frame.ts';
import type { CallbackQos } from '../../model/connect.ts';
import type { DatagramSender } from './datagrams.ts';
import type { FrameCodec } from './frame-codec.ts';
import type { FrameWriter } from './frame-writer.ts';
import { SocketChannel } from './socket-channel.ts';
import type { SocketOptions } from './socket-options.ts';

export interface SocketChannelsContext {
  readonly broker: Broker;
  readonly options: SocketOptions;
  readonly writer: FrameWriter;
  readonly codec: FrameCodec;
  readonly datagrams: DatagramSender | undefined;
  /** The peer is not there any more, whatever TCP says. */
  readonly onUseless: () => void;
  /** No session gets its updates here any more. */
  readonly onUnused: () => void;
}

/** The callbacks of one connection: mostly of one session, of several when a client connects several times on it. */
export class SocketChannels {
  readonly #context: SocketChannelsContext;
  readonly #open = new Set<SocketChannel>();
  #lastRequestNumber = 0;
  #isLost = false;

  constructor(context: SocketChannelsContext) {
    this.#context = context;
  }

  /** The updates of `session` go out on this connection from now on; a connection may have gone while its client logged in. */
  open(session: Session, callback: CallbackQos): void {
    const { broker, options, writer, codec, datagrams, onUseless, onUnused } = this.#context;
    const channel: SocketChannel = new SocketChannel(session, callback, {
      ...options.limits,
      writer,
      codec,
      datagrams,
      timers: broker.timers,
      now: broker.now,
      newRequestNumber: () => ++this.#lastRequestNumber,
      onRefused: (deliveries, reason) => broker.callbacks.refused(session, deliveries, reason),
      onDisowned: () => broker.callbacks.disowned(session),
      onUseless,
      onLost: () => broker.callbacks.lost(session, callback),
      onClosed: (end) => {
        this.#open.delete(channel);
        // Client libraries of the original connect again when their connection breaks: the session would be back at once.
        if (this.#open.size === 0 && end !== 'expired') onUnused();
      },
    });
    this.#open.add(channel);
    session.dispatcher.attach(channel);
    broker.events.emit({ type: 'callbackState', session, state: 'ALIVE' });
    if (this.#isLost) channel.lost();
  }

  /** An answer to an update or a ping; answers that nobody asked for are ignored. */
  answered(frame: Frame): void {
    for (const channel of this.#open) if (channel.answered(frame)) return;
  }

  /** There may be room for more updates. */
  wake(): void {
    for (const channel of this.#open) channel.wake();
  }

  /** The connection is gone. */
  lost(): void {
    this.#isLost = true;
    for (const channel of [...this.#open]) channel.lost();
  }
}
