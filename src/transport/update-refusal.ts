import type { Delivery } from '../broker/delivery.ts';
import type { Dispatcher } from '../broker/dispatcher.ts';

/** What a client threw instead of taking an update. */
export interface ClientException {
  readonly errorCode: string;
  readonly message: string;
}

export interface RefusedUpdate {
  readonly dispatcher: Dispatcher;
  /** The updates that were handed out as numbers `first` to `last`. */
  readonly first: number;
  readonly last: number;
  /** The client says that it can not be reached: its connection is of no use. */
  readonly onUseless: () => void;
  /** The client does not know the session any more: it has to end. */
  readonly onDisowned: () => void;
  /** These are not delivered again. */
  readonly onRefused: (deliveries: readonly Delivery[], reason: string) => void;
}

/** What an exception means (protocol/socket.md, "Updates"): mostly that the message is not wanted. */
export function refuseUpdate({ errorCode, message }: ClientException, update: RefusedUpdate): void {
  const { dispatcher, first, last } = update;
  if (errorCode === 'user.update.holdback') {
    dispatcher.isActive = false;
    dispatcher.giveBack(first, last);
  } else if (errorCode.startsWith('communication.')) update.onUseless();
  else if (errorCode.startsWith('user.security.authentication')) update.onDisowned();
  else update.onRefused(dispatcher.settle(first, last), `${errorCode}: ${message}`);
}
