import { describe, expect, it } from 'vitest';
import { parseCloudHost } from '../../../../../src/registry/credentials/cloud/hosts.ts';

const ecr = { cloud: 'aws', service: 'ecr', region: 'eu-central-1', fips: false, dualStack: false };

describe("a registry's host", () => {
  it.each([
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', ecr],
    ['123456789012.dkr-ecr.eu-central-1.on.aws', { ...ecr, dualStack: true }],
    ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com', { ...ecr, region: 'us-east-1', fips: true }],
    [
      '123456789012.dkr-ecr-fips.us-east-1.on.aws',
      { ...ecr, region: 'us-east-1', fips: true, dualStack: true },
    ],
    [
      '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
      { ...ecr, region: 'us-gov-west-1', fips: true },
    ],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', { ...ecr, region: 'cn-north-1' }],
    [
      '123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn',
      { ...ecr, region: 'cn-north-1', dualStack: true },
    ],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', { ...ecr, region: 'eusc-de-east-1' }],
    [
      '123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu',
      { ...ecr, region: 'eusc-de-east-1', dualStack: true },
    ],
    ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', { ...ecr, region: 'us-iso-east-1' }],
    ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', { ...ecr, region: 'us-isob-east-1' }],
    ['123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', { ...ecr, region: 'eu-isoe-west-1' }],
    ['123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov', { ...ecr, region: 'us-isof-south-1' }],
    ['public.ecr.aws', { ...ecr, service: 'ecr-public', region: 'us-east-1' }],
    ['europe-docker.pkg.dev', { cloud: 'google' }],
    ['us-central1-docker.pkg.dev', { cloud: 'google' }],
    ['gcr.io', { cloud: 'google' }],
    ['eu.gcr.io', { cloud: 'google' }],
    ['acme.azurecr.io', { cloud: 'azure' }],
    ['acme-a1b2c3.azurecr.io', { cloud: 'azure' }],
    ['acme.azurecr.cn', { cloud: 'azure' }],
    ['acme.azurecr.us', { cloud: 'azure' }],
  ])('%s is in a cloud', (host, expected) => {
    expect(parseCloudHost(host)).toEqual(expected);
  });

  it.each([
    'ghcr.io',
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.test',
    'evil.test-123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    'evil.123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-central-1.evil.amazonaws.com',
    '123456789012.dkr.ecr.eu-central-1.amazonawsXcom',
    '123456789012.dkr.ecr.amazonaws.com',
    '12345.dkr.ecr.eu-central-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-central-1.on.aws',
    '123456789012.dkr-ecr.eu-central-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com:8443',
    'private.ecr.aws',
    'pkg.dev',
    'europe-docker.pkg.dev.evil.test',
    'a.b.pkg.dev',
    'evilgcr.io',
    'a.b.gcr.io',
    'gcr.io:443',
    'azurecr.io',
    'acme.azurecr.io.evil.test',
    'acme.azurecr.com',
    'a.b.azurecr.io',
    '',
  ])('%j is in none', (host) => {
    expect(parseCloudHost(host)).toBeUndefined();
  });
});
