import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { checkSecretFiles } from '../../../src/config/mounted-files.ts';
import { load } from '../../fixtures/config/configurations.ts';

const config = load(`
server: {tokenFile: argo}
connections:
  gh: {kind: github, tokenFile: /run/github}
  app: {kind: github, app: {id: 1, installationId: 2, privateKeyFile: /run/key.pem}}
  none: {kind: github}
registries: {ghcr.io: {username: bot, passwordFile: /run/ghcr}, local:5000: {http: true}}
dockerConfigFiles: [/run/docker.json]
projects: {shop: {ci: gh, repository: acme/shop, images: {front: 'x:{commit}'}}}
`);

const ALL = ['deploy/argo', '/run/github', '/run/key.pem', '/run/ghcr', '/run/docker.json'];

function statOf(files: readonly string[], directories: readonly string[] = []) {
  return (path: string) => {
    if (!files.includes(path) && !directories.includes(path)) throw new Error('ENOENT');
    return { isFile: () => files.includes(path) };
  };
}

/** Of `/run/ca.pem` only, which is no PEM. */
function readFile(path: string): string {
  if (path === '/run/ca.pem') return 'no PEM';
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** With no file there. */
function checkNothing(loaded: Config): string[] {
  return checkSecretFiles(loaded, statOf([]), readFile);
}

describe('files with secrets', () => {
  it('that are all there are no problem', () => {
    expect(checkSecretFiles(config, statOf(ALL), readFile)).toEqual([]);
  });

  it('that are missing are all reported, each with its key and path', () => {
    expect(checkSecretFiles(config, statOf([]), readFile)).toEqual([
      'deploy/greenpin.yaml server.tokenFile: found nothing at "deploy/argo", expected a file',
      'deploy/greenpin.yaml connections.gh.tokenFile: found nothing at "/run/github", expected a file',
      'deploy/greenpin.yaml connections.app.app.privateKeyFile: found nothing at "/run/key.pem", expected a file',
      'deploy/greenpin.yaml registries["ghcr.io"].passwordFile: found nothing at "/run/ghcr", expected a file',
      'deploy/greenpin.yaml dockerConfigFiles[0]: found nothing at "/run/docker.json", expected a file',
    ]);
  });

  it('are reported together with variables that are not set', () => {
    const text = `
connections: {gh: {kind: github, tokenEnv: CI_TOKEN}}
projects: {shop: {repository: acme/shop, images: {front: 'x:{commit}'}}}`;
    const source = { file: 'greenpin.yaml', readFile: () => text, env: {} };
    const lines =
      /^greenpin[^\n]*connections\.gh\.tokenEnv: found that .*\ngreenpin.* server\.tokenFile: found nothing/;
    expect(() => loadConfig(source, checkNothing)).toThrow(lines);
  });

  it('must be files', () => {
    expect(checkSecretFiles(config, statOf(ALL.slice(1), ['deploy/argo']), readFile)).toEqual([
      'deploy/greenpin.yaml server.tokenFile: found a directory or device at "deploy/argo", expected a file',
    ]);
  });

  it('are not looked for where a variable holds the secret', () => {
    const other = load(
      `
server: {tokenEnv: PLUGIN_TOKEN}
connections: {gh: {kind: github, tokenEnv: CI_TOKEN}}
registries: {ghcr.io: {username: bot, passwordEnv: GHCR_PASSWORD}}
projects: {shop: {repository: acme/shop, images: {front: 'x:{commit}'}}}
`,
      { PLUGIN_TOKEN: 'a', CI_TOKEN: 'b', GHCR_PASSWORD: 'c' },
    );
    expect(checkSecretFiles(other, statOf([]), readFile)).toEqual([]);
  });

  it('with certificates must be there, and be PEM', () => {
    const other = load(
      `
server: {tokenEnv: PLUGIN_TOKEN}
connections: {gh: {kind: github, caFile: /run/ca.pem}}
registries: {reg.test: {caFile: reg.pem}}
projects: {shop: {repository: acme/shop, images: {front: 'x:{commit}'}}}
`,
      { PLUGIN_TOKEN: 'a' },
    );
    expect(checkSecretFiles(other, statOf([]), readFile)).toEqual([
      'deploy/greenpin.yaml connections.gh.caFile: found no certificate at "/run/ca.pem", expected certificates in PEM',
      'deploy/greenpin.yaml registries["reg.test"].caFile: found nothing at "deploy/reg.pem", expected certificates in PEM',
    ]);
  });
});
