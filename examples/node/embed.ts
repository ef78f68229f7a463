// The broker inside your own program: no second process, nothing to install beside the package.
//
// Run: node examples/node/embed.ts      (Node 22.18 or newer runs TypeScript as it is; in this checkout after `npm run build`)
import { startServer } from 'xmlblaster-broker';

// Any option of the command line, in camelCase. Port 0 is any free port; without `memory` persistent messages go into `dataDir`.
const server = await startServer({ port: 0, logLevel: 'error', memory: true });
const broker = `http://localhost:${server.addresses.http.port}`;

await fetch(`${broker}/topics/greeting`, { method: 'PUT', body: 'hello' });
const answer = await fetch(`${broker}/updates?oid=greeting&content=raw`);
console.log(`${broker} says ${await answer.text()}`);

await server.close();
