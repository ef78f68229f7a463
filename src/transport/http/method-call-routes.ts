import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeXmlText } from '../../codec/charset.ts';
import { BrokerError } from '../../model/error.ts';
import type { MethodAnswer } from '../xmlrpc/method-calls.ts';
import { answer, takeOver, wholeOrStream } from './answer.ts';
import { charsetOf, readBody } from './body.ts';
import type { HttpContext } from './http-context.ts';
import { onAnswered } from './on-answered.ts';
import { onGone } from './on-gone.ts';

/** `POST /RPC2`: XML-RPC (protocol/xmlrpc.md). */
export function addMethodCallRoutes(app: FastifyInstance, context: HttpContext): void {
  app.post('/RPC2', async (request, reply) => {
    const { options, broker, methodCalls } = context;
    const body = await readBody(request.raw, options.limits.maxBodyBytes, broker.account);
    try {
      await answerMethodCall(context, decodeXmlText(body, charsetOf(request.raw)), request, reply);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      await send(methodCalls.refuse(error), reply);
    }
  });
}

/** Answers a call; what goes wrong is a fault, which comes with status 200, too. */
export async function answerMethodCall(
  { methodCalls }: HttpContext,
  text: string,
  { raw, headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { socket } = raw;
  const peer = {
    address: socket.remoteAddress,
    userAgent: headers['user-agent'],
    onGone: (listener: () => void) => onGone(socket, listener),
  };
  const outcome = await methodCalls.answer(text, peer);
  if (outcome.settle) onAnswered(reply.raw, outcome.settle);
  await send(outcome, reply);
}

async function send({ pieces }: MethodAnswer, reply: FastifyReply): Promise<void> {
  const body = wholeOrStream(pieces);
  if (typeof body === 'string') answer(takeOver(reply), 200, ['Content-Type', 'text/xml'], body);
  else await reply.code(200).header('Content-Type', 'text/xml').send(body);
}
