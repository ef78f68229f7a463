import type { FastifyInstance } from 'fastify';
import { homePage } from './home-page.ts';
import type { HttpContext } from './http-context.ts';
import { openApi } from './openapi.ts';

/** What the broker says about itself: the page for people, its health, its description for programs. */
export function addInfoRoutes(app: FastifyInstance, { broker, options }: HttpContext): void {
  app.get('/', async (request, reply) => {
    const address = `http://${request.headers.host ?? 'localhost:3412'}`;
    if (!(request.headers.accept ?? '').includes('text/html'))
      return reply.type('text/plain; charset=utf-8').send(homeText(address, options.version));
    return reply
      .header('Content-Security-Policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(homePage(address, options.version, broker.statistics()));
  });
  app.get('/healthz', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'));
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(openApi(options.version))),
  );
}

const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function homeText(address: string, version: string): string {
  return `xmlBlaster broker ${version}. GET ${address}/openapi.json lists what there is.\n`;
}
