import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basicAuthorization, type Credential } from '../../../../src/registry/credentials/credential.ts';
import {
  InvalidDockerConfig,
  parseDockerConfig,
} from '../../../../src/registry/credentials/docker-config.ts';
import { resultOrError } from '../../../fixtures/result-or-error.ts';

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
    ['auth in lines of 4 characters', { auth: btoa('bot:p:w').replaceAll(/.{4}/g, '$&\r\n') }, login],
    ['auth with blanks in it', { auth: ` ${btoa('bot:p:w').replaceAll(/.{4}/g, '$&\t ')}` }, login],
    ['auth in URL-safe base64', { auth: 'Ym90Oj8_Pg' }, { ...login, password: '??>' }],
    ['fields in another case, as Go reads them', { Auth: btoa('bot:p:w') }, login],
    ['nulls beside it', { auth: btoa('bot:p:w'), identitytoken: null, email: null }, login],
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
    expect(parseAuths({ 'ghcr.io': {}, 'reg.test': { email: 'x' }, 'other.test': null })).toEqual([]);
    expect(parseAuths({ 'ghcr.io': { auth: '' }, 'reg.test': { auth: null, username: '' } })).toEqual([]);
  });

  it('may have the old form, the map itself', () => {
    const { credentials } = parseDockerConfig(
      JSON.stringify({ 'https://ghcr.io': { auth: btoa('u:p'), email: 'x' } }),
      FILE,
    );
    expect(credentials).toMatchObject([
      { key: 'https://ghcr.io', credential: { username: 'u', password: 'p' } },
    ]);
  });

  it('reports helpers', () => {
    const text = JSON.stringify({ auths: {}, credsStore: 'desktop', credHelpers: { 'gcr.io': 'gcloud' } });
    expect(parseDockerConfig(text, FILE).warnings).toEqual([
      `${FILE}, credHelpers["gcr.io"] is ignored: Greenpin does not run credential helpers; put the credentials in auths`,
      `${FILE}, credsStore is ignored: Greenpin does not run credential helpers; put the credentials in auths`,
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

  it('keeps the bytes of a password that is not UTF-8', () => {
    const auth = Buffer.from('bot:p\xe4ss', 'latin1').toString('base64');
    const [entry] = parseAuths({ 'ghcr.io': { auth } }) as { credential: Credential }[];
    expect(entry && basicAuthorization(entry.credential)).toBe(`Basic ${auth}`);
  });

  it('may begin with a byte order mark, and contain bytes that are not UTF-8', () => {
    const text = Buffer.concat([
      Buffer.from(
        '\ufeff{"auths": {"ghcr.io": {"username": "bot", "password": "p:w"}, "\u00e4": {"email": "',
      ),
      Buffer.of(0xe4, 0xff),
      Buffer.from('"}}}'),
    ]).toString('utf8');
    expect(parseDockerConfig(text, FILE).credentials).toEqual([{ key: 'ghcr.io', credential: login }]);
  });

  it.each(['\0\0', '\n{"auths": {}}', 'hunter2"}}'])(
    'may be followed by %j, which Docker does not read',
    (rest) => {
      const text = JSON.stringify({ auths: { 'ghcr.io': { username: 'bot', password: 'p:w' } }, x: '{"' });
      expect(parseDockerConfig(text + rest, FILE).credentials).toEqual([
        { key: 'ghcr.io', credential: login },
      ]);
    },
  );

  it.each(['Auths', 'AUTHS'])('may write auths as %s, which Go takes', (auths) => {
    const text = JSON.stringify({ [auths]: { 'ghcr.io': { username: 'bot', password: 'p:w' } } });
    expect(parseDockerConfig(text, FILE).credentials).toEqual([{ key: 'ghcr.io', credential: login }]);
  });

  it.each([
    ['', `${FILE} is not a JSON object; expected Docker's config.json`],
    ['hunter2', `${FILE} is not a JSON object; expected Docker's config.json`],
    ['["hunter2"]', `${FILE} is not a JSON object; expected Docker's config.json`],
    ['{"auths": "hunter2"}', `${FILE}, auths: expected an object`],
    [Buffer.from('\ufeff{"auths": {}}', 'utf16le').toString('utf8'), `${FILE} is in UTF-16; expected UTF-8`],
  ])('%j is refused, without its content', (text, message) => {
    expect(() => parseDockerConfig(text, FILE)).toThrow(new InvalidDockerConfig(message));
  });

  it.each([
    ['"hunter2"', `${source}: expected an object`],
    ['{"auth": "hunter2!"}', `${source}, auth: expected base64 of USERNAME:PASSWORD`],
    [`{"auth": "${btoa('hunter2')}"}`, `${source}, auth: expected base64 of USERNAME:PASSWORD`],
    [`{"auth": "${btoa(':hunter2')}"}`, `${source}, auth: expected base64 of USERNAME:PASSWORD`],
    ['{"auth": 2}', `${source}, auth: expected a string`],
    ['{"password": "hunter2"}', `${source}: found a password without a username`],
    ['{"username": "hunter2"}', `${source}: found a username without a password`],
    ['{"identitytoken": ["hunter2"]}', `${source}, identitytoken: expected a string`],
  ])('an entry that is %s is a problem of its own, without its content', (entry, problem) => {
    const other = '"reg.test": {"username": "bot", "password": "p:w"}';
    const { credentials, problems } = parseDockerConfig(`{"auths": {"ghcr.io": ${entry}, ${other}}}`, FILE);
    expect(problems).toEqual([{ key: 'ghcr.io', problem }]);
    expect(credentials).toEqual([
      { key: 'reg.test', credential: { ...login, source: `${FILE}, auths["reg.test"]` } },
    ]);
  });

  it('is parsed or rejected with its own error, for any text', () => {
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
            const outcome = resultOrError(() => parseDockerConfig(text, FILE));
            return !(outcome instanceof Error) || outcome instanceof InvalidDockerConfig;
          },
        ),
      ),
    ).toMatchObject({ failed: false });
  });
});
