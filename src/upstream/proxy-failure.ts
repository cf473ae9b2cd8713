/** Failures that a proxy is to blame for, in the words of `errors.ts`; undici tells them like those of the host behind it. */
import type { buildConnector, Dispatcher } from 'undici';
import { UpstreamError, type ConnectionTrouble } from '../errors.ts';
import type { Proxy } from './proxies.ts';

/** No connection to the proxy itself; its cause is the system's or undici's error. */
class ProxyUnreachable extends Error {
  override readonly name = 'ProxyUnreachable';
}

/** @param connect makes connections to the proxy; to be told apart from those that the proxy makes */
export function blameProxy(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ProxyUnreachable('no connection to the proxy', { cause: error }), null);
    });
  };
}

/** Lets requests fail with an UpstreamError where the proxy is to blame. */
export function explainProxyFailures(proxy: Proxy): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { host } = new URL(options.origin ?? '');
    return dispatch(options, {
      ...delegateTo(handler),
      onResponseError: (controller, error) =>
        handler.onResponseError?.(controller, translate(error, host, proxy)),
    });
  };
}

/** Handlers are class instances, whose methods a spread would lose. */
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

function translate(error: Error, host: string, { title }: Proxy): Error {
  const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(error.message)?.[1];
  const code = codeOf(error);
  if (status === '407') {
    return failure(
      host,
      `${title} wants other credentials (407); they go into its URL`,
      error,
      'proxy_login',
    );
  }
  if (status !== undefined) return failure(host, `${title} does not connect to ${host} (${status})`, error);
  if (code === 'UND_ERR_PRX_CONN') {
    return failure(host, `${title} broke off before it had connected to ${host}`, error);
  }
  if (code === 'UND_ERR_PRX_TLS') {
    return failure(host, `${title} has a certificate for another host`, error);
  }
  if (!(error instanceof ProxyUnreachable)) return error;
  return failure(host, `${title} cannot be reached (${codeOf(error.cause)})`, error);
}

function failure(
  host: string,
  message: string,
  cause: Error,
  trouble: ConnectionTrouble = 'proxy',
): UpstreamError {
  return new UpstreamError({ kind: 'unreachable', host, message, trouble }, { cause });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
