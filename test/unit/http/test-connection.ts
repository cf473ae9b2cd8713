/** Real connections to the plugin's server, as the tests of this folder use them. */
import { Agent } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { AppDeps } from '../../../src/http/app.ts';
import type { Answer } from '../../../src/answers/answer.ts';
import { body, createTestApp, FRESH, PATH, TOKEN, type TestApp } from './test-app.ts';

export const QUESTION = body({ project: 'shop', branch: 'b' });
export const AUTHORIZED_HEAD = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
export const CALL = `${AUTHORIZED_HEAD}Content-Length: ${QUESTION.length}\r\n\r\n${QUESTION}`;

/** A server that listens, until the test ends. */
export async function listening(
  answer?: () => Answer | Promise<Answer>,
  overrides?: Partial<AppDeps>,
): Promise<TestApp> {
  const test = createTestApp(answer, overrides);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => test.app.close());
  return test;
}

/** A bare connection; the text that came over it is there when the other side closes, or when `until` has come. */
export function open(app: FastifyInstance): {
  socket: Socket;
  received: (until?: string) => Promise<string>;
} {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
  onTestFinished(() => {
    socket.destroy();
  });
  let text = '';
  return {
    socket,
    async received(until) {
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        text += chunk as string;
        if (until !== undefined && text.includes(until)) break;
      }
      return text;
    },
  };
}

/** One connection for all calls. */
export function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    agent.destroy();
  });
  return agent;
}

/** An answer that comes when the test says so. */
export function gate() {
  const asked = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Answer>();
  const answer = () => {
    asked.resolve();
    return opened.promise;
  };
  return { answer, asked: asked.promise, open: () => opened.resolve(FRESH) };
}
