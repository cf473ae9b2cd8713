import { execFileSync } from 'node:child_process';
import * as undici from 'undici';
import { expect, it } from 'vitest';
import * as parts from '../../../src/upstream/undici.ts';

it('has the classes of undici itself', () => {
  expect(parts.Agent).toBe(undici.Agent);
  expect(parts.Pool).toBe(undici.Pool);
  expect(parts.loadProxyAgent()).toBe(undici.ProxyAgent);
});

it('can send requests without the rest of undici', () => {
  const url = new URL('../../../src/upstream/undici.ts', import.meta.url);
  const script = `
    import { createServer } from 'node:http';
    const { Agent } = await import(${JSON.stringify(url.href)});
    const server = createServer((message, response) => response.end(message.url)).listen(0, '127.0.0.1', async () => {
      const origin = 'http://127.0.0.1:' + server.address().port;
      const { statusCode, body } = await new Agent().request({ origin, path: '/x?y', method: 'GET' });
      process.stdout.write(statusCode + ' ' + (await body.text()));
      process.exit();
    });`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(output).toBe('200 /x?y');
});

it('sends through a proxy without the rest of undici, too', () => {
  const url = new URL('../../../src/upstream/undici.ts', import.meta.url);
  const script = `
    import { createRequire } from 'node:module';
    const { cache } = createRequire(import.meta.url);
    const { loadProxyAgent } = await import(${JSON.stringify(url.href)});
    const agent = new (loadProxyAgent())('http://127.0.0.1:9');
    const loaded = Object.keys(cache).filter((file) => /undici.(?:index|lib.(?:mock|web|cache))/.test(file));
    process.stdout.write(JSON.stringify([typeof agent.connect, typeof agent.request, loaded]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual(['function', 'function', []]);
});
