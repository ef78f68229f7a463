import { encodeRequest, type HttpConnection } from './http-connection.ts';

/** Larger answers come in chunks, which `HttpConnection` does not read. */
const COMMANDS_PER_SCRIPT = 100;

const CONTENT = 'x'.repeat(100);

/** What describes topic `number`, as the markup inside its `<key>`: a hundred cities, a thousand stations, all topics different. */
export function describeTopic(number: number): string {
  return `<weather city='City${number % 100}'><station id='${number % 1000}' serial='${number}'/></weather>`;
}

/** Publishes to the topics `<prefix>0`, `<prefix>1` and so on. */
export async function makeTopics(connection: HttpConnection, prefix: string, count: number): Promise<void> {
  await runCommands(connection, count, (i) => {
    return `<publish><key oid='${prefix}${i}'>${describeTopic(i)}</key><content>${CONTENT}</content></publish>`;
  });
}

/** Connects the sessions `<prefix>0/1`, `<prefix>1/1` and so on. */
export async function makeSessions(connection: HttpConnection, prefix: string, count: number): Promise<void> {
  await runCommands(connection, count, (i) => `<connect><qos><session name='${prefix}${i}/1'/></qos></connect>`);
}

async function runCommands(connection: HttpConnection, count: number, command: (i: number) => string): Promise<void> {
  for (let first = 0; first < count; first += COMMANDS_PER_SCRIPT) {
    const commands = Array.from({ length: Math.min(COMMANDS_PER_SCRIPT, count - first) }, (_, i) => command(first + i));
    await connection.request(encodeRequest('POST', '/', `<xmlBlaster>${commands.join('')}</xmlBlaster>`));
  }
}
