import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTlsReader } from '../../../src/secrets/tls-files.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { mountSecret } from '../../fixtures/mounted-secret.ts';

const authority = createAuthority('the company');
const one = authority.issue('one');
const two = authority.issue('two');

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-tls-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, 'tls', name);

function createReader() {
  const client = { certFile: file('tls.crt'), keyFile: file('tls.key') };
  return createTlsReader(
    { path: ['registries', 'reg.test'], caFile: file('ca.crt'), client },
    { warn: (message) => warnings.push(message) },
  );
}

function secretOf({ cert, key }: { cert: string; key: string }) {
  return { 'ca.crt': authority.cert, 'tls.crt': cert, 'tls.key': key };
}

describe('certificates', () => {
  it('are the same object while nothing has changed', () => {
    mountSecret(join(folder, 'tls'), secretOf(one));
    const read = createReader();
    expect(read()).toBe(read());
    expect(read().client?.cert).toBe(one.cert.trim());
  });

  it('that are swapped, as Kubernetes does, are read anew', () => {
    const secret = mountSecret(join(folder, 'tls'), secretOf(one));
    const read = createReader();
    const before = read();
    secret.swap(secretOf(two));
    expect(read()).not.toBe(before);
    expect(read().client?.cert).toBe(two.cert.trim());
    expect(warnings).toEqual([]);
  });

  it('whose key is written later are used when it is there; until then the pair before, with one warning', () => {
    const secret = mountSecret(join(folder, 'tls'), secretOf(one));
    const read = createReader();
    const before = read();
    secret.swap({ ...secretOf(two), 'tls.key': one.key });
    expect([read(), read()]).toEqual([before, before]);
    expect(warnings).toEqual([
      `registries["reg.test"].keyFile: found the key of another certificate at "${file('tls.key')}", expected the private key of certFile's certificate in PEM, without a passphrase; the previous content stays in use`,
    ]);
    secret.swap(secretOf(two));
    expect(read().client?.cert).toBe(two.cert.trim());
    expect(warnings).toHaveLength(1);
  });

  it('that have gone are used on, with one warning', () => {
    mountSecret(join(folder, 'tls'), secretOf(one));
    const read = createReader();
    const before = read();
    rmSync(join(folder, 'tls'), { recursive: true });
    expect([read(), read()]).toEqual([before, before]);
    expect(warnings).toHaveLength(1);
  });

  it('that never were there are an error with a line for each, until they are there', () => {
    const read = createReader();
    expect(read).toThrow(
      /caFile: found nothing at .*certFile: found nothing at .*keyFile: found nothing at /,
    );
    expect(read).toThrow(/caFile/);
    mountSecret(join(folder, 'tls'), secretOf(one));
    expect(read().ca).toBe(authority.cert.trim());
    expect(warnings).toEqual([]);
  });

  it('in plain files that are overwritten are read anew', () => {
    mountSecret(join(folder, 'tls'), secretOf(one));
    const read = createReader();
    read();
    writeFileSync(file('ca.crt'), `${authority.cert}\n${createAuthority('another company').cert}`);
    expect(read().ca?.match(/BEGIN/g)).toHaveLength(2);
  });
});
