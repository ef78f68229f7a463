import type { FastifyInstance } from 'fastify';
import { NO_CORBA } from '../../refusal.ts';
import { HttpError } from '../http-error.ts';

/** Where the IOR is to be once there is CORBA. */
const IOR_PATH = '/AuthenticationService.ior';

/** What CORBA clients ask for first (protocol/http-legacy.md, "Bootstrap"); they read until the connection ends. */
export function addBootstrapRoutes(app: FastifyInstance): void {
  app.get(IOR_PATH, async () => {
    throw new HttpError(404, NO_CORBA, { Connection: 'close' }, 'user.wrongApiUsage');
  });
}
