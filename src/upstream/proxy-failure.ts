/** Distinguishes failures of the proxy from those of the host behind it; undici reports both alike. */
import type { buildConnector, Dispatcher } from 'undici';
import { UpstreamError } from '../errors.ts';
import { describeConnection } from './connection-failure.ts';
import type { Proxy } from './proxies.ts';

/** The connection to the proxy itself failed; the cause is the system's or undici's error. */
class ProxyUnreachable extends Error {
  override readonly name = 'ProxyUnreachable';
}

/** @param connect connects to the proxy, as opposed to the hosts behind it */
export function blameProxy(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ProxyUnreachable('no connection to the proxy', { cause: error }), null);
    });
  };
}

/** Makes requests fail with an UpstreamError where the proxy is to blame. */
export function explainProxyFailures({ title }: Proxy): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { host } = new URL(options.origin ?? '');
    return dispatch(options, {
      ...delegateTo(handler),
      onResponseError: (controller, error) =>
        handler.onResponseError?.(controller, translate(error, host, title)),
    });
  };
}

/** A spread would lose the methods of the handler, which is a class instance. */
function delegateTo(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...args) => handler.onRequestStart?.(...args),
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onBodySent: (...args) => handler.onBodySent?.(...args),
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
  };
}

function translate(error: Error, host: string, proxy: string): Error {
  const code = proxyCode(error);
  if (code === undefined) return error;
  const failure = { kind: 'unreachable', host, ...describeConnection({ host, code, proxy }) } as const;
  return new UpstreamError(failure, { cause: error });
}

/** @returns a code of the table of connection failures; undefined if the proxy is not to blame */
function proxyCode(error: Error): string | undefined {
  const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(error.message)?.[1];
  if (status !== undefined) return `PROXY_${status}`;
  if (error instanceof ProxyUnreachable) return `PROXY_${findCode(error.cause)}`;
  const code = findCode(error);
  return code.startsWith('UND_ERR_PRX_') ? code : undefined;
}

function findCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
