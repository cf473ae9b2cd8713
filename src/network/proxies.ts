/** The proxies that the environment names, in the variables that curl and Go read. */
import { ConfigError } from '../errors.ts';
import { createNoProxy } from './no-proxy.ts';

export interface Proxy {
  /** Bears the credentials, if there are some. */
  readonly url: string;
  /** For messages, without credentials: `the proxy proxy.local:3128 (HTTPS_PROXY)`. */
  readonly title: string;
}

/** @returns the proxy for a request; undefined when the host is asked directly */
export type ProxyFor = (url: URL) => Proxy | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `HTTPS_PROXY` for https, `HTTP_PROXY` for http, none of them for what `NO_PROXY` lists; lower case goes before upper case.
 * @throws ConfigError that names the variable; never with the credentials that may be in it
 */
export function createProxies(env: Environment): ProxyFor {
  const https = readProxy('HTTPS_PROXY', env);
  const http = readProxy('HTTP_PROXY', env);
  const isDirect = createNoProxy(readVariable('NO_PROXY', env).value);
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    return proxy === undefined || isDirect(url) ? undefined : proxy;
  };
}

function readProxy(variable: string, env: Environment): Proxy | undefined {
  const { name, value } = readVariable(variable, env);
  if (value === '') return undefined;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || !hasReadableUser(url)) {
    throw new ConfigError([
      `the environment variable ${name}: found a value that is not shown here, expected a proxy's URL, for example http://proxy.local:3128`,
    ]);
  }
  // A path means nothing here, and undici takes none.
  const origin = Object.assign(new URL(url.origin), { username: url.username, password: url.password });
  return { url: origin.href, title: `the proxy ${url.host} (${name})` };
}

/** An empty variable is none. */
function readVariable(variable: string, env: Environment): { name: string; value: string } {
  const names = [variable.toLowerCase(), variable];
  const name = names.find((candidate) => (env[candidate] ?? '').trim() !== '') ?? variable;
  return { name, value: (env[name] ?? '').trim() };
}

/** undici decodes user and password when it needs them, which throws for a lone `%`. */
function hasReadableUser({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}${password}`);
    return true;
  } catch {
    return false;
  }
}
