/** Describes the probe of the store, with advice. Pure. */
import type { StoreSettings } from '../../store/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { Finding } from './findings.ts';

/** @param result the probe's return value or error */
export function describeStore(settings: StoreSettings, result: 'found' | 'empty' | Error): Finding {
  const common = { subject: `store ${settings.kind}`, target: formatTarget(settings) };
  if (!(result instanceof Error))
    return { ...common, level: 'ok', detail: describeSuccess(settings, result) };
  if (result instanceof ConfigError) {
    const detail = result.problems.join('; ').replace(/^store\.path: /, '');
    const hint = 'tested as the current user; serve may run as another one';
    return { ...common, level: 'failed', detail, hint };
  }
  return { ...common, level: 'failed', detail: result.message, hint: hintForRedis(result.message) };
}

function formatTarget(settings: StoreSettings): string {
  switch (settings.kind) {
    case 'memory':
      return '';
    case 'sqlite':
      return settings.path;
    case 'redis':
      return new URL(settings.url).host;
  }
}

function describeSuccess({ kind }: StoreSettings, result: 'found' | 'empty'): string {
  if (kind === 'memory') return 'last good answers are lost on restart';
  if (kind === 'redis') return 'reachable and writable';
  return result === 'found' ? 'readable and writable' : 'does not exist yet; serve will create it';
}

/** Hints by the first word of the server's error or by system error code, which end the message. */
const REDIS_HINTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:WRONGPASS|NOAUTH|ERR)$/, 'check store.passwordFile or store.passwordEnv and the user in store.url'],
  [/\bNOPERM$/, 'the user needs EVAL, SET and PING, and access to the keys greenpin:*'],
  [/\bREADONLY$/, 'this server is a replica: set store.url to the primary'],
  [/\bOOM$/, 'its memory is full: raise maxmemory or choose an eviction policy'],
  [/\b(?:MOVED|CROSSSLOT)$/, 'this is a cluster, which is not supported: set store.url to a single server'],
  [/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED)$/, 'check the host and port in store.url'],
];

function hintForRedis(message: string): string {
  const [, hint] = REDIS_HINTS.find(([pattern]) => pattern.test(message)) ?? [];
  return hint ?? 'check store.url (rediss:// for TLS), DNS and firewalls';
}
