/** One side of the benchmark, in a process of its own: tells its port, then its CPU time whenever it is asked. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { createApp } from '../../src/http/app.ts';
import type { Authenticator } from '../../src/http/authenticate.ts';
import { createAuthenticator } from '../../src/http/authenticate.ts';
import { createLogger } from '../../src/log/logger.ts';
import { createMetrics } from '../../src/metrics.ts';
import { BRANCHES, PATH, PROJECT, responseBody, TOKEN } from './memory-answer-load.ts';
import { createMemoryAnswers } from './memory-answers.ts';

const authenticator = createAuthenticator(() => TOKEN);
const app = process.argv[2] === 'bare' ? createBare(authenticator) : createGreenpin(authenticator);
await app.listen({ host: '127.0.0.1', port: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
process.send?.((app.server.address() as AddressInfo).port);

function createGreenpin(auth: Authenticator): FastifyInstance {
  return createApp({
    authenticator: auth,
    projects: new Map([[PROJECT.name, PROJECT]]),
    answers: createMemoryAnswers(),
    observer: createMetrics('0.0.0'),
    logger: createLogger('info'),
    now: () => Date.now(),
  });
}

/** The least that a route with this authentication, body and answer can be in Fastify. */
function createBare(auth: Authenticator): FastifyInstance {
  const server = fastify();
  const body = responseBody(BRANCHES[0] ?? '');
  server.addHook('onRequest', (request, reply, done) => {
    if (auth.reject(request.headers.authorization) === undefined) done();
    else reply.code(403).send();
  });
  server.post(PATH, (_request, reply) => {
    void reply.type('application/json; charset=utf-8').send(body);
  });
  return server;
}
