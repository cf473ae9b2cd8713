import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidDockerConfig, parseDockerConfig } from '../../../src/registry/docker-config.ts';
import { outcomeOf } from './outcome.ts';

const FILE = '/secrets/config.json';

function parseAuths(auths: object): readonly object[] {
  return parseDockerConfig(JSON.stringify({ auths }), FILE).credentials;
}

describe("Docker's configuration", () => {
  const source = `${FILE}, auths["ghcr.io"]`;
  const login = { kind: 'basic', username: 'bot', password: 'p:w', source };

  it.each([
    ['auth', { auth: btoa('bot:p:w') }, login],
    ['auth without padding', { auth: btoa('bot:p:w').replace(/=+$/, '') }, login],
    ['auth with a line break', { auth: `${btoa('bot:p:w')}\n` }, login],
    ['auth that ends in NULs', { auth: btoa('bot:p:w\0\0') }, login],
    ['user name and password', { username: 'bot', password: 'p:w' }, login],
    ['auth before user name and password', { auth: btoa('bot:p:w'), username: 'x', password: 'y' }, login],
    ['an empty auth', { auth: '', username: 'bot', password: 'p:w' }, login],
    ['an identity token', { identitytoken: 't' }, { kind: 'identityToken', token: 't', source }],
    [
      'an identity token for a user',
      { auth: btoa('0000:'), identitytoken: 't' },
      { kind: 'identityToken', token: 't', username: '0000', source },
    ],
    ['a password of <token>', { auth: btoa('<token>:t') }, { kind: 'identityToken', token: 't', source }],
    [
      'a registry token',
      { auth: btoa('bot:p:w'), registrytoken: 't' },
      { kind: 'registryToken', token: 't', source },
    ],
  ])('gives a credential for %s', (_, entry, credential) => {
    expect(parseAuths({ 'ghcr.io': entry })).toEqual([{ key: 'ghcr.io', credential }]);
  });

  it('passes over the markers that helpers leave', () => {
    expect(parseAuths({ 'ghcr.io': {}, 'reg.test': { email: 'x' } })).toEqual([]);
  });

  it('may be the old form, which is the map itself', () => {
    const { credentials } = parseDockerConfig(
      JSON.stringify({ 'https://ghcr.io': { auth: btoa('u:p'), email: 'x' } }),
      FILE,
    );
    expect(credentials).toMatchObject([
      { key: 'https://ghcr.io', credential: { username: 'u', password: 'p' } },
    ]);
  });

  it('does not drop helpers without a word', () => {
    const text = JSON.stringify({ auths: {}, credsStore: 'desktop', credHelpers: { 'gcr.io': 'gcloud' } });
    expect(parseDockerConfig(text, FILE).warnings).toEqual([
      `${FILE}, credHelpers["gcr.io"] is ignored: credential helpers are not run; put the credentials into auths`,
      `${FILE}, credsStore is ignored: credential helpers are not run; put the credentials into auths`,
    ]);
  });

  it.each(['{}', '{"auths": {}}', '{"auths": null}', '{"plugins": {"x": {"y": "z"}}}'])(
    '%s is told to hold nothing',
    (text) => {
      const { credentials, warnings } = parseDockerConfig(text, FILE);
      expect(credentials).toEqual([]);
      expect(warnings).toEqual([`${FILE} holds no credentials; expected {"auths": {"REGISTRY": {...}}}`]);
    },
  );

  it.each([
    ['', `${FILE} is not a JSON object`],
    ['hunter2', `${FILE} is not a JSON object`],
    ['["hunter2"]', `${FILE} is not a JSON object`],
    ['{"auths": "hunter2"}', `${FILE}, auths: expected an object`],
    ['{"auths": {"ghcr.io": "hunter2"}}', `${source}: expected an object`],
    ['{"auths": {"ghcr.io": {"auth": "hunter2!"}}}', `${source}, auth: expected base64 of USERNAME:PASSWORD`],
    [`{"auths": {"ghcr.io": {"auth": "${btoa('hunter2')}"}}}`, `${source}, auth: expected base64`],
    [`{"auths": {"ghcr.io": {"auth": "${btoa(':hunter2')}"}}}`, `${source}, auth: expected base64`],
    ['{"auths": {"ghcr.io": {"auth": 2}}}', `${source}, auth: expected a string`],
    ['{"auths": {"ghcr.io": {"password": "hunter2"}}}', `${source}: a password without a username`],
    ['{"auths": {"ghcr.io": {"username": "hunter2"}}}', `${source}: a username without a password`],
    ['{"auths": {"ghcr.io": {"identitytoken": ["hunter2"]}}}', `${source}, identitytoken: expected a string`],
  ])('%j is refused with file and key, without its content', (text, message) => {
    expect(() => parseDockerConfig(text, FILE)).toThrow(InvalidDockerConfig);
    expect(() => parseDockerConfig(text, FILE)).toThrow(message);
    expect(() => parseDockerConfig(text, FILE)).not.toThrow(/hunter2|aHVudGVyMg/);
  });

  it('is parsed or refused with its own error, whatever the text', () => {
    const entry = fc.dictionary(
      fc.constantFrom('auth', 'username', 'password', 'identitytoken', 'registrytoken'),
      fc.jsonValue(),
    );
    const config = fc.oneof(
      fc.jsonValue(),
      fc.record({ auths: fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())) }),
    );
    expect(
      fc.check(
        fc.property(
          fc.oneof(
            config.map((value) => JSON.stringify(value)),
            fc.string(),
          ),
          (text) => {
            const outcome = outcomeOf(() => parseDockerConfig(text, FILE));
            return !(outcome instanceof Error) || outcome instanceof InvalidDockerConfig;
          },
        ),
      ),
    ).toMatchObject({ failed: false });
  });
});
