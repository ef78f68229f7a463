import type { FastifyInstance } from 'fastify';
import { NO_CORBA } from '../../refusal.ts';
import { HttpError } from '../http-error.ts';

/** What CORBA clients ask for first (protocol/http-legacy.md, "Bootstrap"); they read until the connection ends. */
export function addBootstrapRoutes(app: FastifyInstance): void {
  app.get('/AuthenticationService.ior', async () => {
    throw new HttpError(404, NO_CORBA, { Connection: 'close' }, 'user.wrongApiUsage');
  });
}
