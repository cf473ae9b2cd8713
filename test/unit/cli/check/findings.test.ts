import { describe, expect, test } from 'vitest';
import { describeConnection, describeImageProbe } from '../../../../src/cli/check/findings.ts';
import { findWarnings } from '../../../../src/cli/check/warnings.ts';
import type { CiConnection } from '../../../../src/ci/kind.ts';
import type { Config } from '../../../../src/config/config.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { UpstreamFailureKind } from '../../../../src/errors.ts';
import type { ImageProbe } from '../../../../src/registry/client.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import { listGitRepositories, listImageRepositories } from '../../../../src/cli/check/places.ts';

function load(text: string): Config {
  return loadConfig({
    file: 'greenpin.yaml',
    readFile: () => text,
    env: { CI_TOKEN: 'secret' },
  });
}

const CONFIG = load(`
connections:
  github: {kind: github, tokenEnv: CI_TOKEN}
  spare: {kind: github, url: "https://github.example.com/api/v3"}
projects:
  shop:
    ci: github
    repository: acme/shop
    images:
      front: ghcr.io/acme/front:sha-{commit:7}
      back: {reference: "ghcr.io/acme/back:{branch}", revision: require}
  docs:
    ci: github
    repository: acme/shop
    images:
      front: ghcr.io/acme/front:sha-{commit:7}
      site: ghcr.io/acme/site/{ref_slug}:{branch}
      pages: {reference: "ghcr.io/acme/pages:{ref_slug}", revision: ignore}
`);

const MINIMAL = `
connections: {github: {kind: github, tokenEnv: CI_TOKEN}}
projects:
  shop:
    repository: acme/shop
    images: {front: "ghcr.io/acme/front:{commit}", hub: "acme/{branch}/hub:{commit}"}
`;

function deadlineWarnings(deadline: string) {
  const warnings = findWarnings(load(`${MINIMAL}\nserver: {deadline: ${deadline}}`));
  return warnings.filter(({ target }) => target === 'server.deadline');
}

test('a Git repository that several projects share is probed once, and its keys are known', () => {
  expect(listGitRepositories(CONFIG, 'github', 'ci')).toEqual([
    { target: 'acme/shop', keys: ['projects.shop.repository', 'projects.docs.repository'] },
  ]);
});

test('an image repository that several projects share is probed once, and its keys are known', () => {
  expect(listImageRepositories(CONFIG)).toEqual([
    { target: 'ghcr.io/acme/front', keys: ['projects.shop.images.front', 'projects.docs.images.front'] },
    { target: 'ghcr.io/acme/back', keys: ['projects.shop.images.back'] },
    { target: 'ghcr.io/acme/site/{ref_slug}', keys: ['projects.docs.images.site'] },
    { target: 'ghcr.io/acme/pages', keys: ['projects.docs.images.pages'] },
  ]);
});

describe('warnings that need no probe', () => {
  const warnings = findWarnings(CONFIG);

  test('are all warnings: they do not fail the check', () => {
    expect(new Set(warnings.map(({ level }) => level))).toEqual(new Set(['warning']));
  });

  test('name a connection that no project uses', () => {
    expect(warnings).toContainEqual(
      expect.objectContaining({ subject: 'ci spare', detail: 'not used by any project' }),
    );
  });

  test.each(['30s', '45s'])(
    "name a server.deadline that is not below Argo CD's default timeout: %s",
    (deadline) => {
      expect(deadlineWarnings(deadline)).toEqual([
        expect.objectContaining({
          hint: expect.stringContaining('lower server.deadline, or raise requestTimeout'),
        }),
      ]);
    },
  );

  test('do not name one that is below', () => {
    expect(deadlineWarnings('29s')).toEqual([]);
  });

  test.each([
    ['jenkins', 'workflows: [platform/shop]'],
    ['woodpecker', 'lookback: 5'],
  ])('say that pull requests need a Git host beside %s', (kind, key) => {
    const project = `{ci: builds, repository: acme/shop, ${key}, images: {front: "ghcr.io/acme/front:{commit}"}`;
    const connections = `
connections:
  builds: {kind: ${kind}, url: "https://ci.example.com"}
  github: {kind: github}
projects:
  alone: ${project}}
  complete: ${project}, git: github}
`;
    const found = findWarnings(load(connections)).filter(({ detail }) => detail.includes('pull requests'));
    expect(found).toEqual([
      expect.objectContaining({
        subject: 'ci builds',
        target: 'projects.alone',
        hint: 'if it has pull requests, add a connection to the Git host, and name it in projects.alone.git',
      }),
    ]);
  });

  test('name registries that no image uses, by any name, and suggest the right one', () => {
    const registries = `registries:
  ghrc.io: {username: bot, passwordEnv: CI_TOKEN}
  ghcr.io: {username: bot, passwordEnv: CI_TOKEN}
  index.docker.io: {username: bot, passwordEnv: CI_TOKEN}
  auth.example.com: {caFile: ca.pem}
`;
    const found = findWarnings(load(`${MINIMAL}\n${registries}`)).filter(({ detail }) =>
      detail.includes('by any image'),
    );
    expect(found.map(({ target, detail }) => `${target}: ${detail}`)).toEqual([
      'ghrc.io: not used by any image',
      'auth.example.com: not used by any image',
    ]);
    expect(found[0]?.hint).toContain('did you mean ghcr.io?');
    expect(found[1]?.hint).toMatch(
      /^remove the entry, unless it configures another registry's token service/,
    );
  });

  test('name an image that cannot be probed', () => {
    expect(warnings).toContainEqual(
      expect.objectContaining({ subject: 'registry', target: 'ghcr.io/acme/site/{ref_slug}' }),
    );
  });

  test('name every tag that can move, unless its image must have the revision', () => {
    const tags = warnings.filter(({ detail }) => detail.startsWith('this tag is mutable'));
    expect(tags.map(({ target }) => target)).toEqual([
      'ghcr.io/acme/site/{ref_slug}:{branch}',
      'ghcr.io/acme/pages:{ref_slug}',
    ]);
    expect(tags[0]?.detail).toContain('projects.docs.images.site');
    expect(tags[0]?.hint).toContain('revision: require');
  });

  test('name a tag with a short prefix of the commit, which anyone who may push can forge', () => {
    const images = [
      'a: "x/a:{commit:7}"',
      'b: "x/b:{commit}"',
      'c: "x/c:{commit:40}"',
      'd: "x/d:{build_id}-{commit:8}"',
      'e: {reference: "x/e:{commit:7}", revision: require}',
      'f: "x/f:{commit:39}"',
    ];
    const text = MINIMAL.replace(/images: .*/, `images: {${images.join(', ')}}`);
    const short = findWarnings(load(text)).filter(({ detail }) => detail.startsWith('a short commit prefix'));
    expect(short.map(({ target }) => target)).toEqual(['x/a:{commit:7}', 'x/f:{commit:39}']);
    expect(short[0]).toMatchObject({
      detail: 'a short commit prefix can be forged (projects.shop.images.a)',
      hint: expect.stringContaining('use {commit}'),
    });
  });
});

const KINDS: readonly UpstreamFailureKind[] = [
  'timeout',
  'unreachable',
  'denied',
  'not_found',
  'rate_limited',
  'unavailable',
  'malformed',
];

const NONE: CiConnection = {
  name: 'my.github',
  kind: 'github',
  url: 'https://api.github.com',
  auth: { kind: 'none' },
};
const GIT = { target: 'acme/shop', keys: ['projects.shop.repository'] };

function hint(kind: UpstreamFailureKind, auth: CiConnection['auth'] = NONE.auth): string | undefined {
  const failure = { kind, host: 'api.github.com', message: 'the message' };
  return describeConnection({ ...NONE, auth }, GIT, failure).hint;
}

describe('a CI connection', () => {
  test('that answers has the details of the answer', () => {
    expect(describeConnection(NONE, GIT, 'sees the workflow runs')).toEqual({
      level: 'ok',
      subject: 'ci my.github',
      target: 'acme/shop',
      detail: 'sees the workflow runs',
    });
  });

  test.each(KINDS)('that fails (%s) has the reason, and a hint', (kind) => {
    const failure = { kind, host: 'api.github.com', message: 'the message' };
    expect(describeConnection(NONE, GIT, failure)).toEqual({
      level: 'failed',
      subject: 'ci my.github',
      target: 'acme/shop',
      detail: 'the message',
      hint: expect.stringMatching(/\w/),
    });
  });

  test('that denies has a hint with the place of the credential and the permission', () => {
    expect(hint('denied', { kind: 'token', source: { file: '/run/token' } })).toMatch(
      /in the file \/run\/token; it needs "Actions: read"/,
    );
    expect(hint('denied', { kind: 'token', source: { env: 'CI_TOKEN' } })).toContain('variable CI_TOKEN');
    expect(
      hint('denied', { kind: 'app', id: '12', installationId: '34', privateKeyFile: '/run/key' }),
    ).toContain('App 12, installation 34, key /run/key');
    expect(hint('denied')).toContain(
      'connections["my.github"] has no credentials: add tokenFile, tokenEnv or app',
    );
  });

  test('without such a repository has a hint with its key, and says that a hidden one looks the same', () => {
    expect(hint('not_found')).toMatch(
      /^check projects\.shop\.repository, connections.*\.url .*looks the same/,
    );
  });

  test("that requires single sign-on has a hint about the token's settings, not about a permission", () => {
    const message = 'authorize the token of connection "x" for the organization\'s single sign-on';
    const failure = { kind: 'denied', host: 'api.github.com', message } as const;
    const auth = { kind: 'token', source: { env: 'CI_TOKEN' } } as const;
    const { hint: advice } = describeConnection({ ...NONE, auth }, GIT, failure);
    expect(advice).toContain('"Configure SSO"');
    expect(advice).not.toContain('Actions: read');
  });

  test('that names the page to authorize the token has it in the hint', () => {
    const message = 'authorize the token of connection "x" for the organization\'s single sign-on';
    const remedyUrl = 'https://github.com/orgs/acme/sso?authorization_request=A1';
    const failure = { kind: 'denied', host: 'api.github.com', message, remedyUrl } as const;
    const { hint: advice } = describeConnection({ ...NONE, auth: { kind: 'none' } }, GIT, failure);
    expect(advice).toMatch(/authorize it: https:\/\/github\.com\/orgs\/acme\/sso\?authorization_request=A1$/);
  });

  test.each([
    [undefined, 'wait for the quota to come back; who else'],
    [61_000, 'wait 61 more seconds; who else'],
    [1_439_000, 'wait 24 more minutes; who else'],
  ])('without quota says for how long, if known: %s', (retryAfterMs, text) => {
    const auth = { kind: 'token', source: { env: 'CI_TOKEN' } } as const;
    const limited = { kind: 'rate_limited', host: 'api.github.com', message: 'the message' } as const;
    const failure = { ...limited, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    expect(describeConnection({ ...NONE, auth }, GIT, failure).hint).toContain(text);
  });

  test('without quota and credentials has a hint to configure some', () => {
    expect(hint('rate_limited')).toContain('give connections["my.github"] a token');
    expect(hint('rate_limited', { kind: 'token', source: { env: 'CI_TOKEN' } })).not.toContain('give');
  });
});

describe('an image', () => {
  const reference = parseReference('registry.local:5000/acme/front:greenpin-check');
  const place = { target: 'registry.local:5000/acme/front', keys: ['projects.shop.images.front'] };
  const anonymous = { kind: 'anonymous', source: 'no configured credentials' } as const;
  const login = { kind: 'basic', username: 'bot', password: 'secret', source: 'FILE' } as const;
  const absent = { kind: 'absent', missing: 'manifest', reason: 'is not there' } as const;
  const of = (probe: ImageProbe) => describeImageProbe(reference, place, probe);

  test('that is denied without credentials has a hint with the helper that a file names', () => {
    const host = 'registry.local:5000';
    const failure = { kind: 'denied', host, message: 'denied' } as const;
    const ignored = '/run/config.json, credsStore is ignored: put the credentials into auths';
    const credential = { ...anonymous, ignored };
    const { hint: advice } = of({
      result: { kind: 'failed', failure },
      access: { scheme: 'anonymous', credential },
    });
    expect(advice).toMatch(
      /^\/run\/config\.json, credsStore is ignored: .*\. Otherwise give credentials, by /,
    );
  });

  test('is readable whether the tag is present or absent', () => {
    const found = {
      kind: 'found',
      digest: `sha256:${'0'.repeat(64)}`,
      mediaType: 'm',
    } as ImageProbe['result'];
    for (const result of [absent, found]) {
      expect(of({ result, access: { scheme: 'anonymous', credential: anonymous } })).toEqual({
        level: 'ok',
        subject: 'registry',
        target: 'registry.local:5000/acme/front',
        detail: 'readable without credentials',
      });
    }
  });

  test('says which credentials were used, and no secret', () => {
    const finding = of({ result: absent, access: { scheme: 'bearer', credential: login } });
    expect(finding.detail).toBe('readable with the credentials from FILE');
    expect(JSON.stringify(finding)).not.toContain('secret');
  });

  test('says if the registry did not request the credentials, which are then unproven', () => {
    expect(of({ result: absent, access: { scheme: 'anonymous', credential: login } }).detail).toBe(
      'readable without credentials; the registry did not request those from FILE',
    );
  });

  test('that the registry does not know is a warning, because it may not have been pushed yet', () => {
    const result = { ...absent, missing: 'repository' } as const;
    const finding = of({ result, access: { scheme: 'basic', credential: login } });
    expect(finding).toMatchObject({ level: 'warning', detail: 'the registry does not know this repository' });
    expect(finding.hint).toContain('projects.shop.images.front');
  });

  test.each(KINDS)('that fails (%s) has the reason, and a hint', (kind) => {
    const failure = { kind, host: 'registry.local:5000', message: 'the message' };
    for (const access of [undefined, { scheme: 'basic', credential: login }] as const) {
      const finding = of({ result: { kind: 'failed', failure }, access });
      expect(finding).toMatchObject({ level: 'failed', detail: 'the message' });
      expect(finding.hint).toMatch(/\w/);
      expect(finding.hint).not.toContain('secret');
    }
  });

  test('that is denied has a hint to configure credentials, or with the key of the existing ones', () => {
    const failure = { kind: 'denied', host: 'registry.local:5000', message: 'no' } as const;
    const result = { kind: 'failed', failure } as const;
    expect(of({ result, access: { scheme: 'anonymous', credential: anonymous } }).hint).toMatch(
      /^give credentials, by registries\["registry\.local:5000"\] or dockerConfigFiles/,
    );
    expect(of({ result, access: { scheme: 'basic', credential: login } }).hint).toMatch(
      /^try these credentials .*projects\.shop\.images\.front$/,
    );
  });
});
