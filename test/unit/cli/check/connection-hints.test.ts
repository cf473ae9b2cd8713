import { describe, expect, test } from 'vitest';
import { describeConnection, describeImageProbe } from '../../../../src/cli/check/findings.ts';
import type { CiConnection } from '../../../../src/config/config.ts';
import type { ConnectionTrouble, UpstreamFailure } from '../../../../src/errors.ts';
import { parseReference } from '../../../../src/image/reference.ts';

const TROUBLES: readonly ConnectionTrouble[] = [
  'timeout',
  'name',
  'refused',
  'route',
  'broken',
  'authority',
  'validity',
  'other_name',
  'no_tls',
  'client_certificate',
  'tls',
  'proxy',
  'proxy_login',
  'files',
  'not_http',
  'wants_tls',
  'plain_realm',
  'policy',
];

const GITHUB: CiConnection = {
  name: 'ghe',
  kind: 'github',
  url: 'https://git.example.com/api/v3',
  auth: { kind: 'none' },
};

function failureOf(host: string, trouble: ConnectionTrouble | undefined): UpstreamFailure {
  return { kind: 'unreachable', host, message: 'the message', ...(trouble && { trouble }) };
}

function ciHint(trouble?: ConnectionTrouble): string {
  const place = { target: 'acme/shop', keys: ['projects.shop.repository'] };
  return describeConnection(GITHUB, place, failureOf('git.example.com', trouble)).hint ?? '';
}

function registryHint(trouble?: ConnectionTrouble, host = 'reg.local:5000'): string {
  const reference = parseReference('reg.local:5000/acme/front:x');
  const place = { target: 'reg.local:5000/acme/front', keys: ['projects.shop.images.front'] };
  const result = { kind: 'failed', failure: failureOf(host, trouble) } as const;
  return describeImageProbe(reference, place, { result, access: undefined }).hint ?? '';
}

test('each trouble has a hint of its own', () => {
  for (const hints of [TROUBLES.map(ciHint), TROUBLES.map((trouble) => registryHint(trouble))]) {
    expect(new Set([...hints, ciHint()]).size).toBe(TROUBLES.length + 1);
  }
});

describe('a hint names nothing that has nothing to do with it', () => {
  const others = TROUBLES.filter((trouble) => trouble !== 'authority');
  test.each(others)('%s: no caFile', (trouble) => {
    expect(ciHint(trouble) + registryHint(trouble)).not.toContain('caFile');
  });

  test.each(TROUBLES.filter((trouble) => trouble !== 'no_tls'))('%s: no http: true', (trouble) => {
    expect(ciHint(trouble) + registryHint(trouble)).not.toContain('http: true');
  });
});

describe('a hint names the key', () => {
  test.each<[ConnectionTrouble, string, string]>([
    [
      'name',
      'check the spelling in connections.ghe.url (https://git.example.com/api/v3)',
      'projects.shop.images.front',
    ],
    ['refused', 'host and port in connections.ghe.url', 'host and port in projects.shop.images.front'],
    ['authority', 'as connections.ghe.caFile', 'as registries["reg.local:5000"].caFile'],
    ['no_tls', 'on loopback only', 'set registries["reg.local:5000"].http: true'],
    ['client_certificate', 'no client certificate', 'registries["reg.local:5000"].certFile and keyFile'],
    ['proxy', 'NO_PROXY', 'NO_PROXY'],
    ['proxy_login', "USER:PASSWORD@ into the proxy's URL", "USER:PASSWORD@ into the proxy's URL"],
  ])('%s', (trouble, ofCi, ofRegistry) => {
    expect(ciHint(trouble)).toContain(ofCi);
    expect(registryHint(trouble)).toContain(ofRegistry);
  });

  test("of the registry's token service, when that is what failed", () => {
    expect(registryHint('authority', 'auth.local')).toContain('as registries["auth.local"].caFile');
    expect(registryHint('name', 'auth.local')).toContain('what reg.local:5000 names as its token service');
  });
});

test('Docker Hub is known by its own name in the configuration, not by that of its API', () => {
  const place = { target: 'docker.io/acme/front', keys: ['projects.shop.images.front'] };
  const result = { kind: 'failed', failure: failureOf('registry-1.docker.io', 'authority') } as const;
  const finding = describeImageProbe(parseReference('acme/front:x'), place, { result, access: undefined });
  expect(finding.hint).toContain('registries["docker.io"].caFile');
});

function loopbackHint(trouble: ConnectionTrouble, kind: UpstreamFailure['kind'] = 'unreachable'): string {
  const reference = parseReference('localhost:7443/acme/front:x');
  const place = { target: 'localhost:7443/acme/front', keys: ['projects.shop.images.front'] };
  const failure = { ...failureOf('localhost:7443', trouble), kind };
  return (
    describeImageProbe(reference, place, { result: { kind: 'failed', failure }, access: undefined }).hint ??
    ''
  );
}

describe('a registry on this machine, which is asked by plain http', () => {
  test('may speak TLS, where the connection breaks', () => {
    expect(loopbackHint('broken')).toContain('registries["localhost:7443"].http: false');
    expect(registryHint('broken')).not.toContain('http: false');
  });

  test('does, where it says so', () => {
    expect(loopbackHint('wants_tls', 'malformed')).toBe('set registries["localhost:7443"].http: false');
  });
});

test('a refusal with a reason is not taken for a web page', () => {
  const reference = parseReference('reg.test/acme/front:x');
  const place = { target: 'reg.test/acme/front', keys: ['projects.shop.images.front'] };
  const hints = (['policy', 'plain_realm'] as const).map((trouble) => {
    const failure = { ...failureOf('reg.test', trouble), kind: 'malformed' } as const;
    return describeImageProbe(reference, place, { result: { kind: 'failed', failure }, access: undefined })
      .hint;
  });
  expect(hints).toEqual([expect.stringContaining('a rule against it'), expect.stringContaining('by https')]);
});
