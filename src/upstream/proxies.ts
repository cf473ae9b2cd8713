/** The proxies of the environment, in the variables that curl and Go read. */
import { ConfigError } from '../errors.ts';
import { createNoProxy } from './no-proxy.ts';
import { parseProxyUrl } from './proxy-url.ts';

export interface Proxy {
  /** With the credentials, if there are any. */
  readonly url: string;
  /** For messages; without credentials: `the proxy proxy.local:3128 (HTTPS_PROXY)`. */
  readonly title: string;
}

/** @returns the proxy for a request; undefined if the host is contacted directly */
export type ProxyFor = (url: URL) => Proxy | undefined;

/**
 * `HTTPS_PROXY` applies to https, `HTTP_PROXY` to http, and `ALL_PROXY` to both unless the specific one is
 * set. Hosts in `NO_PROXY` use none. Lower case wins over upper case. Unused variables are not validated.
 * @throws ConfigError that names the variable, without the credentials that may be in it
 */
export function createProxies(env: NodeJS.ProcessEnv): ProxyFor {
  const variables = [findVariable('HTTPS_PROXY', env), findVariable('HTTP_PROXY', env)];
  const all = variables.includes(undefined) ? findVariable('ALL_PROXY', env) : undefined;
  const fallback = all && readProxy(all);
  const [https, http] = variables.map((variable) =>
    variable === undefined ? fallback : readProxy(variable),
  );
  const isDirect = createNoProxy(findVariable('NO_PROXY', env)?.value ?? '');
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    return proxy === undefined || isDirect(url) ? undefined : proxy;
  };
}

interface Variable {
  /** As written in the environment: `https_proxy`. */
  readonly name: string;
  readonly value: string;
}

/** An empty variable counts as not set. */
function findVariable(variable: string, env: NodeJS.ProcessEnv): Variable | undefined {
  const [found] = [variable.toLowerCase(), variable].flatMap((name) => {
    const value = (env[name] ?? '').trim();
    return value === '' ? [] : [{ name, value }];
  });
  return found;
}

function readProxy({ name, value }: Variable): Proxy {
  const parsed = parseProxyUrl(value);
  if (typeof parsed === 'string') throw new ConfigError([`the environment variable ${name}: ${parsed}`]);
  return { url: parsed.href, title: `the proxy ${parsed.host} (${name})` };
}
