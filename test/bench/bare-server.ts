/** A child process: a minimal Fastify route with Greenpin's authentication, body and response. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { PATH, TOKEN } from './harness.ts';

const EXPECTED = hash('sha256', TOKEN, 'buffer');

process.once('message', ({ response }: { readonly response: string }) => void serve(response));
process.on('disconnect', () => process.exit());

async function serve(response: string): Promise<void> {
  const server = fastify();
  server.addHook('onRequest', (request, reply, done) => {
    const token = /^bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (timingSafeEqual(hash('sha256', token, 'buffer'), EXPECTED)) done();
    else reply.code(403).send();
  });
  server.post(PATH, (_request, reply) => {
    void reply.type('application/json; charset=utf-8').send(response);
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.((server.server.address() as AddressInfo).port);
}
