import { describe, expect, it } from 'vitest';
import { connectionRefusals, projectRefusals, refusals } from '../../fixtures/config/configurations.ts';

const HIDDEN = 'found a value that is not shown here';
const TOKEN_FILE =
  'expected the path of a file that contains the secret, not the secret itself, for example /var/run/argo/token';

describe('secrets in the file', () => {
  it.each([
    [
      'server: {token: hunter2}',
      '3:10 server.token: found a secret in the file, expected tokenFile or tokenEnv: the file only says where a secret is',
    ],
    [
      'registries: {ghcr.io: {password: hunter2}}',
      '3:24 registries["ghcr.io"].password: found a secret in the file, expected passwordFile or passwordEnv: the file only says where a secret is',
    ],
    [
      'registries: {ghcr.io: {auth: hunter2}}',
      '3:24 registries["ghcr.io"].auth: found a secret in the file, expected passwordFile or passwordEnv: the file only says where a secret is',
    ],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it.each(['token', 'pat', 'apiKey', 'password', 'client_secret'])('as %s of a connection', (key) => {
    expect(connectionRefusals(`${key}: hunter2`)).toEqual([
      `3:20 connections.gh.${key}: found a secret in the file, expected tokenEnv or tokenFile: the file only says where a secret is`,
    ]);
  });

  it('as the private key of an App', () => {
    expect(connectionRefusals('app: {id: 1, installationId: 2, privateKey: "hunter2"}')).toEqual([
      '3:20 connections.gh.app.privateKeyFile: found nothing, expected the path of a file that contains the secret, not the secret itself, for example /var/run/secrets/github/private-key.pem',
      '3:52 connections.gh.app.privateKey: found a secret in the file, expected privateKeyFile: the file only says where a secret is',
    ]);
  });

  it.each([
    `ghp_${'a1'.repeat(18)}`,
    `github_pat_${'a1'.repeat(20)}`,
    'c2VjcmV0LXNlY3JldC1zZWNyZXQ0Mg==',
    '"-----BEGIN PRIVATE KEY-----"',
    '"two\\nlines"',
    '~/token',
    '""',
    '5',
  ])('where the path of a file belongs: %s', (value) => {
    expect(refusals(`server: {tokenFile: ${value}}`)).toEqual([
      `3:10 server.tokenFile: ${HIDDEN}, ${TOKEN_FILE}`,
    ]);
  });

  it.each([
    `ghp_${'a1'.repeat(18)}`,
    '0123456789abcdef'.repeat(3),
    'a0123456789abcdef'.repeat(2),
    '$TOKEN',
    '"${TOKEN}"',
    'MY-TOKEN',
  ])('where the name of a variable belongs: %s', (value) => {
    const problems = connectionRefusals(`tokenEnv: ${value}`);
    expect(problems).toEqual([
      `3:20 connections.gh.tokenEnv: ${HIDDEN}, expected the name of an environment variable that contains the secret, not the secret itself, for example GITHUB_TOKEN`,
    ]);
  });

  it.each([
    ['hunter2', 'the environment variable', 'NAME'],
    ['AKIA0123456789ABCDEFGHIJ', 'the environment variable', 'NAME'],
    ['GITHUB_TOKEN', 'the environment variable GITHUB_TOKEN', 'GITHUB_TOKEN'],
    ['TOKEN', 'the environment variable TOKEN', 'TOKEN'],
  ])('are not repeated as the name of a variable that is not set: %s', (name, shown, exported) => {
    expect(connectionRefusals(`tokenEnv: ${name}`)).toEqual([
      `3:20 connections.gh.tokenEnv: found that ${shown} is not set, expected it to contain the secret (export ${exported}=...)`,
    ]);
  });

  it('in a URL are not repeated', () => {
    const problems = [
      ...connectionRefusals('url: "https://bot:hunter2@github.example.com"'),
      ...projectRefusals('repository: https://bot:hunter2@github.com/acme/shop.git'),
      ...refusals('registries: {"https://bot:hunter2@ghcr.io": {}}'),
    ];
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});

describe('variables of the environment', () => {
  it('that are empty are as good as not set', () => {
    expect(connectionRefusals('tokenEnv: CI_TOKEN', { CI_TOKEN: ' ' })).toEqual([
      '3:20 connections.gh.tokenEnv: found that the environment variable CI_TOKEN is empty, expected it to contain the secret (export CI_TOKEN=...)',
    ]);
  });

  it('are looked for wherever one is named', () => {
    expect(refusals('server: {tokenEnv: A_TOKEN}')).toEqual([
      '3:10 server.tokenEnv: found that the environment variable A_TOKEN is not set, expected it to contain the secret (export A_TOKEN=...)',
    ]);
    expect(refusals('registries: {ghcr.io: {username: bot, passwordEnv: PASSWORD}}')).toEqual([
      '3:39 registries["ghcr.io"].passwordEnv: found that the environment variable PASSWORD is not set, expected it to contain the secret (export PASSWORD=...)',
    ]);
    expect(refusals('server: {tokenEnv: constructor}')).toHaveLength(1);
  });
});
