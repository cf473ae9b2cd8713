import { describe, expect, it } from 'vitest';
import { createNoProxy } from '../../../src/upstream/no-proxy.ts';

describe('NO_PROXY', () => {
  it.each([
    ['*', 'https://reg.test'],
    ['reg.test', 'https://reg.test'],
    ['reg.test', 'https://a.reg.test'],
    ['REG.test.', 'https://reg.TEST./v2/'],
    ['.reg.test', 'https://reg.test'],
    ['.reg.test', 'https://a.b.reg.test'],
    ['*.reg.test', 'https://a.reg.test'],
    ['other.test, reg.test', 'https://reg.test'],
    ['other.test reg.test', 'https://reg.test'],
    ['reg.test:443', 'https://reg.test'],
    ['reg.test:80', 'http://reg.test'],
    ['reg.test:5000', 'https://reg.test:5000'],
    ['*:5000', 'https://reg.test:5000'],
    ['10.1.2.3', 'https://10.1.2.3:5000'],
    ['10.0.0.0/8', 'https://10.1.2.3:5000'],
    ['fd00::/8', 'https://[fd00::1]:5000'],
    ['fd00::1', 'https://[fd00::1]'],
    ['[fd00::1]:5000', 'https://[fd00::1]:5000'],
  ])('%j lets %s be asked directly', (text, url) => {
    expect(createNoProxy(text)(new URL(url))).toBe(true);
  });

  it.each([
    ['', 'https://reg.test'],
    ['reg.test', 'https://myreg.test'],
    ['reg.test', 'https://reg.test.evil.test'],
    ['*.reg.test', 'https://reg.test'],
    ['reg.test:443', 'https://reg.test:5000'],
    ['reg.test:443', 'http://reg.test'],
    ['*:5000', 'https://reg.test'],
    ['10.0.0.0/8', 'https://11.1.2.3'],
    ['10.0.0.0/8', 'https://ten.test'],
    ['10.0.0.0/99', 'https://10.1.2.3'],
    ['10.1.2.3', 'https://10.1.2.30'],
    ['fd00::/8', 'https://[fe00::1]'],
    ['[fd00::1]:5000', 'https://[fd00::1]'],
    ['test', 'https://reg.latest'],
  ])('%j sends %s through the proxy', (text, url) => {
    expect(createNoProxy(text)(new URL(url))).toBe(false);
  });

  it.each([
    'http://localhost:5000',
    'http://a.localhost',
    'http://127.0.0.1:5000',
    'http://127.9.9.9',
    'http://[::1]:5000',
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]',
  ])('need not list %s: no proxy is asked for this machine or its link', (url) => {
    expect(createNoProxy('')(new URL(url))).toBe(true);
  });
});
