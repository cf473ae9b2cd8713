import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readTlsFiles } from '../../../src/secrets/tls-files.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { load, PROJECTS, refusals } from '../../fixtures/config/configurations.ts';

const authority = createAuthority('the company');
const other = createAuthority('another company');
const client = authority.issue('greenpin');
const stranger = authority.issue('stranger');
const ENCRYPTED = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' },
}).privateKey;

const FILES = {
  path: ['registries', 'reg.test'],
  caFile: '/ca.pem',
  client: { certFile: '/tls.crt', keyFile: '/tls.key' },
};
const GOOD = { '/ca.pem': authority.cert, '/tls.crt': client.cert, '/tls.key': client.key };

function read(changes: Readonly<Record<string, string | undefined>>) {
  const contents: Readonly<Record<string, string | undefined>> = { ...GOOD, ...changes };
  return readTlsFiles(FILES, (file) => {
    const text = contents[file];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  });
}

function problemsWith(changes: Readonly<Record<string, string | undefined>>) {
  const reading = read(changes);
  return reading.kind === 'unusable' ? reading.problems : [];
}

describe('in the configuration', () => {
  it('caFile, certFile and keyFile start at its folder', () => {
    const { registries, connections } = load(
      [
        'connections: {gh: {kind: github, caFile: ca.pem}, hub: {kind: github}}',
        PROJECTS.replace('repository', 'ci: gh, repository'),
        'registries: {reg.test: {caFile: /etc/ca.pem, certFile: tls/crt, keyFile: tls/key}, ghcr.io: {}}',
      ].join('\n'),
    );
    expect(connections.get('gh')?.tls).toEqual({ path: ['connections', 'gh'], caFile: 'deploy/ca.pem' });
    expect(connections.get('hub')?.tls).toBeUndefined();
    expect(registries.get('ghcr.io')?.tls).toBeUndefined();
    expect(registries.get('reg.test')?.tls).toEqual({
      path: ['registries', 'reg.test'],
      caFile: '/etc/ca.pem',
      client: { certFile: 'deploy/tls/crt', keyFile: 'deploy/tls/key' },
    });
  });

  it.each(['certFile', 'keyFile'])('%s requires the other', (key) => {
    expect(refusals(`registries: {reg.test: {${key}: /x}}`)).toEqual([
      `3:14 registries["reg.test"]: found ${key}, expected both certFile and keyFile, or neither`,
    ]);
  });

  it('a certificate itself is refused, and not repeated', () => {
    expect(refusals('registries: {reg.test: {caFile: "-----BEGIN CERTIFICATE-----"}}')).toEqual([
      '3:25 registries["reg.test"].caFile: found a value that is not shown here, expected the path of a PEM file, not its content, for example /etc/greenpin/company-ca.pem',
    ]);
  });
});

describe('PEM files', () => {
  it('that are all right give what is in them', () => {
    expect(read({})).toEqual({
      kind: 'read',
      material: {
        ca: authority.cert.trim(),
        client: { cert: client.cert.trim(), key: client.key },
      },
    });
  });

  it('may hold several certificates, with text between them and lines that end as on Windows', () => {
    const ca = `# The company\n${authority.cert}\n# Another\n${other.cert}`.replaceAll('\n', '\r\n');
    const reading = read({ '/ca.pem': ca });
    expect(reading.kind === 'read' && reading.material.ca?.match(/BEGIN/g)).toHaveLength(2);
  });

  it('that are missing are all reported, each with its key and path', () => {
    expect(problemsWith({ '/ca.pem': undefined, '/tls.crt': undefined, '/tls.key': undefined })).toEqual([
      'registries["reg.test"].caFile: found nothing at "/ca.pem", expected certificates in PEM',
      'registries["reg.test"].certFile: found nothing at "/tls.crt", expected a certificate in PEM, with its chain after it',
      'registries["reg.test"].keyFile: found nothing at "/tls.key", expected the private key of certFile\'s certificate in PEM, without a passphrase',
    ]);
  });

  it.each([
    ['/ca.pem', '', 'caFile: found no certificate at "/ca.pem"'],
    ['/ca.pem', client.key, 'caFile: found no certificate at "/ca.pem"'],
    ['/ca.pem', authority.cert.replace('MII', 'AAA'), 'caFile: found a damaged certificate'],
    ['/ca.pem', authority.cert + authority.cert.slice(0, 200), 'caFile: found a damaged certificate'],
    ['/tls.crt', 'x', 'certFile: found no certificate at "/tls.crt"'],
    ['/tls.key', 'x', 'keyFile: found no private key at "/tls.key"'],
    ['/tls.key', client.cert, 'keyFile: found no private key at "/tls.key"'],
    ['/tls.key', ENCRYPTED, 'keyFile: found an encrypted private key at "/tls.key"'],
    ['/tls.key', stranger.key, 'keyFile: found the key of another certificate at "/tls.key"'],
  ])('%s with %j: %s', (file, text, problem) => {
    const problems = problemsWith({ [file]: text });
    expect(problems).toHaveLength(1);
    expect(problems.join('\n')).toContain(problem);
    expect(problems.join('\n')).not.toContain('-----');
  });

  it('of a certificate that TLS rejects as too weak', () => {
    const weak = authority.issue('weak', [], generateKeyPairSync('rsa', { modulusLength: 1024 }));
    expect(problemsWith({ '/tls.crt': weak.cert, '/tls.key': weak.key })).toEqual([
      'registries["reg.test"].keyFile: found the key of a certificate that TLS rejects as too weak at "/tls.key", expected the private key of certFile\'s certificate in PEM, without a passphrase',
    ]);
  });

  it('that may not be read', () => {
    const reading = readTlsFiles({ path: ['connections', 'gh'], caFile: '/ca.pem' }, () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    });
    expect(reading).toEqual({
      kind: 'unusable',
      problems: [
        'connections.gh.caFile: found an unreadable file (EACCES) at "/ca.pem", expected certificates in PEM',
      ],
    });
  });
});
