import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { createProxies } from '../../../src/network/proxies.ts';

function proxyOf(url: string, env: Readonly<Record<string, string>>): string | undefined {
  return createProxies(env)(new URL(url))?.url;
}

describe('the proxy', () => {
  it('of https is HTTPS_PROXY, of http HTTP_PROXY, and neither stands in for the other', () => {
    const env = { HTTPS_PROXY: 'http://one.test:1', HTTP_PROXY: 'http://two.test:2' };
    expect(proxyOf('https://reg.test', env)).toBe('http://one.test:1/');
    expect(proxyOf('http://reg.test', env)).toBe('http://two.test:2/');
    expect(proxyOf('https://reg.test', { HTTP_PROXY: 'http://two.test:2' })).toBeUndefined();
    expect(proxyOf('http://reg.test', { HTTPS_PROXY: 'http://one.test:1' })).toBeUndefined();
  });

  it('is none when no variable is set, or only empty ones', () => {
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
  ])('may be written as %s', (written, url) => {
    expect(proxyOf('https://reg.test', { HTTPS_PROXY: written })).toBe(url);
  });

  it('is shown without its credentials', () => {
    const proxy = createProxies({ HTTPS_PROXY: 'http://user:hunter2@proxy.test:3128' })(
      new URL('https://reg.test'),
    );
    expect(proxy?.title).toBe('the proxy proxy.test:3128 (HTTPS_PROXY)');
  });

  it.each(['http://', 'socks5://user:hunter2@proxy.test', 'http://user:hunter2%@proxy.test', 'http://a b'])(
    'written as %s is an error that names the variable and shows nothing of its value',
    (https_proxy) => {
      const expected =
        "the environment variable https_proxy: found a value that is not shown here, expected a proxy's URL, for example http://proxy.local:3128";
      expect(() => createProxies({ https_proxy })).toThrow(new ConfigError([expected]));
    },
  );
});
