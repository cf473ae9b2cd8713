/** What `greenpin check` finds of the store. Pure. */
import type { StoreSettings } from '../../config/store-settings.ts';
import { ConfigError } from '../../errors.ts';
import type { Finding } from './findings.ts';

/** @param seen what the probe of the store returned, or threw */
export function describeStore(settings: StoreSettings, seen: 'found' | 'empty' | Error): Finding {
  const common = { subject: `store ${settings.kind}`, target: targetOf(settings) };
  if (!(seen instanceof Error)) return { ...common, level: 'ok', detail: describeSeen(settings, seen) };
  if (seen instanceof ConfigError) {
    const detail = seen.problems.join('; ').replace(/^store\.path: /, '');
    return {
      ...common,
      level: 'failed',
      detail,
      hint: 'tried as the user that ran this command; serve may be another one',
    };
  }
  return { ...common, level: 'failed', detail: seen.message, hint: hintForRedis(seen.message) };
}

function targetOf(settings: StoreSettings): string {
  switch (settings.kind) {
    case 'memory':
      return '';
    case 'sqlite':
      return settings.path;
    case 'redis':
      return new URL(settings.url).host;
  }
}

function describeSeen({ kind }: StoreSettings, seen: 'found' | 'empty'): string {
  if (kind === 'memory') return 'a restart forgets what was handed out';
  if (kind === 'redis') return 'answers, and can be written';
  return seen === 'found' ? 'can be read and written' : 'not there yet; serve will make it';
}

/** The first word of the server's own text, or the system's code. */
const REDIS_HINTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:WRONGPASS|NOAUTH|ERR)$/, 'check store.passwordFile or store.passwordEnv, and the user in store.url'],
  [/\bNOPERM$/, 'the user needs EVAL, SET and PING, and the keys greenpin:*'],
  [/\bREADONLY$/, 'this is a replica: give the primary in store.url'],
  [/\bOOM$/, 'its memory is full: raise maxmemory, or have it evict keys'],
  [/\b(?:MOVED|CROSSSLOT)$/, 'this is a cluster, which is not supported: give a single server in store.url'],
  [/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED)$/, 'check host and port in store.url'],
];

function hintForRedis(message: string): string {
  const [, hint] = REDIS_HINTS.find(([pattern]) => pattern.test(message)) ?? [];
  return hint ?? 'check store.url, and the way there: DNS, firewall; with TLS it begins with rediss://';
}
