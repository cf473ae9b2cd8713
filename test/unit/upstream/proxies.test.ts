import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { createProxies } from '../../../src/upstream/proxies.ts';

function proxyOf(url: string, env: Readonly<Record<string, string>>): string | undefined {
  return createProxies(env)(new URL(url))?.url;
}

describe('the proxy', () => {
  it('is HTTPS_PROXY for https, HTTP_PROXY for http, and never the other one', () => {
    const env = { HTTPS_PROXY: 'http://one.test:1', HTTP_PROXY: 'http://two.test:2' };
    expect(proxyOf('https://reg.test', env)).toBe('http://one.test:1/');
    expect(proxyOf('http://reg.test', env)).toBe('http://two.test:2/');
    expect(proxyOf('https://reg.test', { HTTP_PROXY: 'http://two.test:2' })).toBeUndefined();
    expect(proxyOf('http://reg.test', { HTTPS_PROXY: 'http://one.test:1' })).toBeUndefined();
  });

  it('is none if no variable is set, or only empty ones', () => {
    expect(proxyOf('https://reg.test', {})).toBeUndefined();
    expect(proxyOf('https://reg.test', { HTTPS_PROXY: ' ', https_proxy: '' })).toBeUndefined();
  });

  it('is taken from lower case first, unless that is empty', () => {
    const HTTPS_PROXY = 'http://upper.test';
    expect(proxyOf('https://reg.test', { HTTPS_PROXY, https_proxy: 'http://lower.test' })).toBe(
      'http://lower.test/',
    );
    expect(proxyOf('https://reg.test', { HTTPS_PROXY, https_proxy: '' })).toBe('http://upper.test/');
  });

  it.each(['NO_PROXY', 'no_proxy'])('is none for what %s lists', (name) => {
    const env = { HTTPS_PROXY: 'http://proxy.test', [name]: 'reg.test' };
    expect(proxyOf('https://reg.test', env)).toBeUndefined();
    expect(proxyOf('https://other.test', env)).toBe('http://proxy.test/');
  });

  it.each([
    ['proxy.test:3128', 'http://proxy.test:3128/'],
    ['proxy.test', 'http://proxy.test/'],
    ['https://proxy.test', 'https://proxy.test/'],
    ['http://proxy.test:3128/path?query#hash', 'http://proxy.test:3128/'],
    ['http://user:p%40ss@proxy.test', 'http://user:p%40ss@proxy.test/'],
    ['user:pass@proxy.test:3128/', 'http://user:pass@proxy.test:3128/'],
    ['http://user:p@ss@proxy.test', 'http://user:p%40ss@proxy.test/'],
    ['http://10.0.0.5:3128', 'http://10.0.0.5:3128/'],
    ['[fd00::1]:3128', 'http://[fd00::1]:3128/'],
    ['http_proxy.test:3128', 'http://http_proxy.test:3128/'],
    ['http://prüfung.test', 'http://xn--prfung-4ya.test/'],
  ])('may be written as %s', (written, url) => {
    expect(proxyOf('https://reg.test', { HTTPS_PROXY: written })).toBe(url);
  });

  it('is shown without its credentials', () => {
    const proxy = createProxies({ HTTPS_PROXY: 'http://user:hunter2@proxy.test:3128' })(
      new URL('https://reg.test'),
    );
    expect(proxy?.title).toBe('the proxy proxy.test:3128 (HTTPS_PROXY)');
  });

  it('is ALL_PROXY for the scheme that has none of its own', () => {
    const env = { all_proxy: 'http://all.test:1', HTTPS_PROXY: 'http://own.test:2' };
    expect(proxyOf('https://reg.test', env)).toBe('http://own.test:2/');
    expect(proxyOf('http://reg.test', env)).toBe('http://all.test:1/');
    expect(proxyOf('https://reg.test', { ALL_PROXY: 'all.test:1' })).toBe('http://all.test:1/');
    expect(proxyOf('http://reg.test', { ALL_PROXY: 'all.test:1', NO_PROXY: 'reg.test' })).toBeUndefined();
    const title = createProxies({ ALL_PROXY: 'all.test' })(new URL('https://reg.test'))?.title;
    expect(title).toBe('the proxy all.test (ALL_PROXY)');
  });

  it('does not depend on an unused ALL_PROXY', () => {
    const env = { ALL_PROXY: 'socks5://all.test', HTTPS_PROXY: 'one.test', HTTP_PROXY: 'two.test' };
    expect(proxyOf('https://reg.test', env)).toBe('http://one.test/');
  });
});

describe('an invalid variable is an error that names it without its value', () => {
  const expected = "expected a proxy's URL, for example http://proxy.local:3128";
  const hidden = `found a value that is not shown here, ${expected}`;
  const socks =
    'found a SOCKS proxy, expected an HTTP proxy, for example http://proxy.local:3128; SOCKS is not supported';
  const login =
    'found a login with a character that must be written by its number (% as %25, @ as %40, / as %2F, # as %23, ? as %3F), ' +
    expected;
  it.each([
    ['http://', `found a URL without a host, ${expected}`],
    ['http://:3128', `found a URL without a host, ${expected}`],
    [':3128', `found a URL without a host, ${expected}`],
    ['http://user:hunter2@', `found a URL without a host, ${expected}`],
    ['http:///proxy.test', `found a URL without a host, ${expected}`],
    ['http://proxy.test:', `found a URL without a port after its colon, ${expected}`],
    ['http://user:hunter2@proxy.test:0', `found a URL without a port after its colon, ${expected}`],
    ['http://a b', `found a URL with a blank in it, ${expected}`],
    ['user:hunter2 @proxy.test', `found a URL with a blank in it, ${expected}`],
    ['proxy.test 3128', `found a URL with a blank in it, ${expected}`],
    ['socks5://user:hunter2@proxy.test', socks],
    ['SOCKS5h://proxy.test:1080', socks],
    ['socks://user:hunter2@', socks],
    ['ftp://user:hunter2@proxy.test', hidden],
    ['http:/proxy.test:3128', hidden],
    ['http//proxy.test:3128', hidden],
    ['http:3128', hidden],
    ['proxy.test/3128', hidden],
    ['3128', hidden],
    ['http://proxy.test:99999', hidden],
    ['http://proxy.test:3128,http://other.test:3128', hidden],
    ['"http://proxy.test:3128"', hidden],
    ['http://${PROXY}:3128', hidden],
    ['%PROXY%', hidden],
    ['http=proxy.test:80;https=proxy.test:80', hidden],
    ['http://[fd00::g]:3128', hidden],
    ['http://user:hunter2%@proxy.test', login],
    ['http://user:p@ss/hunter2@proxy.test', login],
    ['http://user:123#hunter2@proxy.test', login],
    ['COMPANY\\user:hunter2@proxy.test:3128', login],
  ])('%s', (value, problem) => {
    for (const name of ['https_proxy', 'HTTP_PROXY', 'ALL_PROXY']) {
      const message = `the environment variable ${name}: ${problem}`;
      expect(() => createProxies({ [name]: value })).toThrow(new ConfigError([message]));
    }
  });
});
