import { describe, expect, it } from 'vitest';
import { connectionRefusals, problemsOf, PROJECTS, refusals } from '../../fixtures/config/configurations.ts';

describe('connections', () => {
  const url =
    'expected an https URL without credentials and query, for example https://api.github.com (http only on loopback, since the token would travel in clear)';
  it.each([
    ['http://github.example.com/api/v3', '; did you mean https://github.example.com/api/v3?'],
    ['http://127.0.0.1.example.com', '; did you mean https://127.0.0.1.example.com?'],
    ['http://localhost.example.com', '; did you mean https://localhost.example.com?'],
    ['ftp://github.example.com', ''],
    ['github.example.com', '; did you mean https://github.example.com?'],
    ['https://github.example.com/?x=1', ''],
    ['https://github.example.com/#x', ''],
    ['https://', ''],
    ['https://api.github.com:443x', ''],
    ['https://github.com', '; did you mean https://api.github.com?'],
    ['https://www.github.com/', '; did you mean https://api.github.com?'],
    ['http://github.com/acme', '; did you mean https://api.github.com?'],
  ])('at %s are refused', (found, suggestion) => {
    const shown = found.replace('?x=1', '?***');
    expect(connectionRefusals(`url: "${found}"`)).toEqual([
      `3:20 connections.gh.url: found "${shown}", ${url}${suggestion}`,
    ]);
  });

  it.each([
    'https://api.github.com/',
    'https://github.example.com:8443/api/v3',
    'https://[fd00::1]/api/v3',
    'http://localhost:8080',
    'http://127.0.0.1:45123',
    'http://127.8.9.1/api',
    'http://[::1]:80',
  ])('at %s are accepted', (found) => {
    expect(connectionRefusals(`url: "${found}"`)).toEqual([]);
  });

  it('of a kind that is not known', () => {
    const expected = 'expected a kind of connection that this version knows: github';
    expect(
      problemsOf(`connections: {tc: {kind: teamcity, url: 'https://tc.test'}, x: {}}\n${PROJECTS}`),
    ).toEqual([
      expect.stringContaining(`1:20 connections.tc.kind: found "teamcity", ${expected}`),
      expect.stringContaining(`1:61 connections.x.kind: found nothing, ${expected}`),
      '2:12 projects.shop.ci: found nothing, expected one of the connections (tc, x)',
    ]);
  });

  it('that are none', () => {
    expect(problemsOf(`connections: {}\n${PROJECTS}`)).toEqual([
      '1:1 connections: found an empty mapping, expected at least one entry',
    ]);
    expect(problemsOf(PROJECTS)).toEqual([
      '1:1 connections: found nothing, expected a mapping, for example connections: {github: {kind: github, tokenEnv: GITHUB_TOKEN}}',
    ]);
  });

  it('with an App whose ids are none', () => {
    expect(connectionRefusals('app: {id: my app, installationId: 0, privateKeyFile: /x}')).toEqual([
      '3:26 connections.gh.app.id: found "my app", expected the App\'s id or client id, for example 12345',
      '3:38 connections.gh.app.installationId: found 0, expected a number, for example 6789',
    ]);
  });

  it("with an App's client id are accepted", () => {
    expect(connectionRefusals('app: {id: Iv23liAbCdEf, installationId: "6789", privateKeyFile: /x}')).toEqual(
      [],
    );
  });
});

describe('registries', () => {
  const expected =
    'expected HOST or HOST:PORT as in image references, without scheme and path, for example ghcr.io';
  it.each([
    ['https://ghcr.io', '; did you mean ghcr.io?'],
    ['https://index.docker.io/v1/', '; did you mean docker.io?'],
    ['ghcr.io/acme', '; did you mean ghcr.io?'],
    ['ghcr.io/', '; did you mean ghcr.io?'],
    ['GHCR.io', '; did you mean ghcr.io?'],
    ['ghcr.io:http', ''],
    ['*.example.com', ''],
    ['', ''],
  ])('under %j are refused', (host, suggestion) => {
    const key = JSON.stringify(host);
    expect(refusals(`registries: {${key}: {}}`)).toEqual([
      `3:14 registries[${key}]: found the name ${key}, ${expected}${suggestion}`,
    ]);
  });

  it.each(['ghcr.io', 'localhost:5000', 'registry', '10.0.0.5:5000', '[fd00::1]:5000'])(
    'under %s are accepted',
    (host) => {
      expect(refusals(`registries: {"${host}": {http: true}}`)).toEqual([]);
    },
  );

  it('with http that is neither true nor false', () => {
    expect(refusals('registries: {local:5000: {http: yes}}')).toEqual([
      '3:27 registries["local:5000"].http: found "yes", expected true or false',
    ]);
  });
});
