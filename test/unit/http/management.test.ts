import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createManagement, type ManagementDeps } from '../../../src/http/management.ts';

const METRICS = { contentType: 'text/plain; version=0.0.4', expose: () => Promise.resolve('up 1\n') };

function management(overrides: Partial<ManagementDeps> = {}) {
  const stopping = new AbortController();
  const app = createManagement({
    whyNotReady: () => undefined,
    stopping: stopping.signal,
    metrics: METRICS,
    ...overrides,
  });
  return { app, stop: () => stopping.abort() };
}

it('says that the process lives, whether or not it is ready', async () => {
  const { app, stop } = management({ whyNotReady: () => 'there is no token' });
  stop();
  expect((await app.inject('/healthz')).statusCode).toBe(200);
});

it('says that it is ready', async () => {
  const { app } = management();
  expect((await app.inject('/readyz')).statusCode).toBe(200);
});

it('says why it is not ready, and is ready as soon as the reason is gone', async () => {
  let reason: string | undefined = 'there is no token';
  const { app } = management({ whyNotReady: () => reason });
  const response = await app.inject('/readyz');
  expect([response.statusCode, response.json()]).toEqual([
    503,
    { error: 'not_ready', message: 'there is no token' },
  ]);
  reason = undefined;
  expect((await app.inject('/readyz')).statusCode).toBe(200);
});

it('is not ready from the moment on that the process begins to stop', async () => {
  const { app, stop } = management();
  stop();
  const response = await app.inject('/readyz');
  expect([response.statusCode, response.json()]).toEqual([
    503,
    { error: 'not_ready', message: 'Greenpin is shutting down' },
  ]);
});

it('gives the metrics under their content type', async () => {
  const { app } = management();
  const response = await app.inject('/metrics');
  expect([response.statusCode, response.headers['content-type'], response.body]).toEqual([
    200,
    METRICS.contentType,
    'up 1\n',
  ]);
});

it('answers 500, and nothing of the cause, when the metrics fail', async () => {
  const { app } = management({
    metrics: { ...METRICS, expose: () => Promise.reject(new Error('inner workings')) },
  });
  const response = await app.inject('/metrics');
  expect([response.statusCode, response.json()]).toEqual([
    500,
    { error: 'internal_error', message: 'Internal error in Greenpin' },
  ]);
});

it.each(['/', '/api/v1/getparams.execute', '/%zz'])('has nothing at %s', async (path) => {
  const { app } = management();
  const response = await app.inject(path);
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ error: 'not_found' });
});

it('stops although Prometheus keeps its connection open', async () => {
  const scraped = Promise.withResolvers<void>();
  const text = Promise.withResolvers<string>();
  const expose = () => {
    scraped.resolve();
    return text.promise;
  };
  const { app } = management({ metrics: { ...METRICS, expose } });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const scrape = fetch(`http://127.0.0.1:${port}/metrics`);
  await scraped.promise;
  const closed = app.close();
  text.resolve('up 1\n');
  expect(await (await scrape).text()).toBe('up 1\n');
  await closed;
});
