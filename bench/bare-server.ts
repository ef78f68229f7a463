// The yardstick of the measurements over HTTP: what node:http does when nothing else happens. Answers 204, or 200 with its argument.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [answer] = process.argv.slice(2);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (answer === undefined) response.writeHead(204).end();
    else response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(answer) }).end(answer);
  });
});
server.keepAliveTimeout = 60_000; // its connections rest while it is the broker's turn
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit());
process.once('disconnect', () => process.exit());
