import { SocketLoadClient } from './socket-load-client.ts';

const QUEUE_BOUNDS = "maxEntries='100000000' maxBytes='1000000000000'";
/** It is never given up, and nothing is sent to it. */
const CALLBACK = "<callback type='SOCKET' retries='-1' pingInterval='0' dispatcherActive='false'/>";

/** A durable subscriber over SOCKET: its session stays, with its subscriptions and its queue, when the connection ends. */
export class SocketSleeper extends SocketLoadClient {
  override async login(name: string): Promise<void> {
    const queue = `<queue relating='callback' ${QUEUE_BOUNDS}>${CALLBACK}</queue>`;
    await this.connect(name, `<session name='${name}'/>${queue}<persistent/>`);
  }

  override async subscribe(topic: string): Promise<void> {
    await this.call('subscribe', `<qos><persistent/></qos>\0<key oid='${topic}'/>\0`);
  }

  /** Ends the session, with all that waits for it. */
  async disconnect(): Promise<void> {
    await this.call('disconnect', '');
  }

  protected override farewell(): void {}
}
