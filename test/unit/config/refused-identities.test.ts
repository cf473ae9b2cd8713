import { describe, expect, it } from 'vitest';
import { checkSecretFiles } from '../../../src/config/mounted-files.ts';
import { load, PROJECTS, CI, refusals } from '../../fixtures/config/configurations.ts';

const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const GAR = 'europe-docker.pkg.dev';
const ACR = 'acme.azurecr.io';
const ROLE = 'arn:aws:iam::999999999999:role/pull';

function identityOf(host: string, keys: string): unknown {
  return load(`${CI}\n${PROJECTS}\nregistries: {${host}: {${keys}}}`).registries.get(host)?.identity;
}

describe('identities', () => {
  it('that fit their hosts are accepted, with what the host says', () => {
    const ecr = { cloud: 'aws', service: 'ecr', region: 'eu-central-1', fips: false, dualStack: false };
    expect(identityOf(ECR, 'identity: aws')).toEqual(ecr);
    expect(identityOf(ECR, `identity: aws, roleArn: '${ROLE}'`)).toEqual({ ...ecr, roleArn: ROLE });
    expect(identityOf(GAR, 'identity: google')).toEqual({ cloud: 'google' });
    expect(identityOf(GAR, 'identity: google, credentialsFile: key.json')).toEqual({
      cloud: 'google',
      credentialsFile: 'deploy/key.json',
    });
    expect(identityOf(ACR, 'identity: azure')).toEqual({ cloud: 'azure' });
    expect(identityOf('ghcr.io', 'username: bot, passwordFile: /x')).toBeUndefined();
  });

  it.each([
    [
      'ghcr.io',
      'aws',
      `a host like ACCOUNT.dkr.ecr.REGION.amazonaws.com or public.ecr.aws, or a username and a password for this one`,
    ],
    [
      `${ECR}.evil.test`,
      'aws',
      'a host like ACCOUNT.dkr.ecr.REGION.amazonaws.com or public.ecr.aws, or a username and a password for this one',
    ],
    [
      'registry.local:5000',
      'google',
      'a host like LOCATION-docker.pkg.dev or gcr.io, or a username and a password for this one',
    ],
    ['ghcr.io', 'azure', 'a host like NAME.azurecr.io, or a username and a password for this one'],
    [GAR, 'aws', 'google for this host'],
    [ECR, 'azure', 'aws for this host'],
    [ACR, 'google', 'azure for this host'],
  ])('of %s: %s is refused', (host, identity, expected) => {
    const column = 17 + host.length;
    expect(refusals(`registries: {${host}: {identity: ${identity}}}`)).toEqual([
      `3:${column} registries["${host}"].identity: found ${identity}, expected ${expected}`,
    ]);
  });

  it('that are none', () => {
    expect(refusals(`registries: {${GAR}: {identity: gcp}}`)).toEqual([
      `3:38 registries["${GAR}"].identity: found "gcp", expected aws or google or azure`,
    ]);
  });

  it.each([
    ['username: bot, passwordFile: /x', 'username and passwordFile'],
    ['http: true', 'http'],
    ['http: false', 'http'],
  ])('beside %s are refused', (others, found) => {
    expect(refusals(`registries: {${GAR}: {identity: google, ${others}}}`)).toEqual([
      `3:14 registries["${GAR}"]: found identity and ${found}, expected identity without username, passwordFile, passwordEnv, http`,
    ]);
  });

  it.each([
    [ECR, `identity: aws, credentialsFile: /x`, 'credentialsFile without identity: google'],
    [GAR, `identity: google, roleArn: '${ROLE}'`, 'roleArn without identity: aws'],
    [ACR, `identity: azure, roleArn: '${ROLE}'`, 'roleArn without identity: aws'],
    [ECR, `roleArn: '${ROLE}'`, 'roleArn without identity: aws'],
    [
      'ghcr.io',
      'username: bot, passwordFile: /x, credentialsFile: /y',
      'credentialsFile without identity: google',
    ],
  ])('of %s with a key of another cloud: %s', (host, keys, found) => {
    expect(refusals(`registries: {${host}: {${keys}}}`)).toEqual([
      `3:14 registries["${host}"]: found ${found}, expected both`,
    ]);
  });

  it.each(['pull', 'arn:aws:iam::1234:role/pull', 'arn:aws:iam::123456789012:user/pull', `${ROLE} x`])(
    'with a role %j that is no ARN of one',
    (role) => {
      expect(
        refusals(`registries: {${GAR}: {}, public.ecr.aws: {identity: aws, roleArn: '${role}'}}`),
      ).toEqual([
        `3:73 registries["public.ecr.aws"].roleArn: found "${role}", expected a role's ARN, for example arn:aws:iam::123456789012:role/pull`,
      ]);
    },
  );

  it('whose key file is missing are told of by check', () => {
    const config = load(
      `server: {tokenEnv: T}\n${CI}\n${PROJECTS}\nregistries: {${GAR}: {identity: google, credentialsFile: /run/key.json}}`,
      { T: 'x' },
    );
    expect(checkSecretFiles(config, stat, stat)).toEqual([
      `deploy/greenpin.yaml registries["${GAR}"].credentialsFile: found nothing at "/run/key.json", expected a file`,
    ]);
  });
});

function stat(): never {
  throw new Error('ENOENT');
}
