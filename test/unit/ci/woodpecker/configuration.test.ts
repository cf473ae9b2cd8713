import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../../../fixtures/config/configurations.ts';

function configure(project: string, url = 'https://ci.example.com'): string {
  return `connections:
  builds: {kind: woodpecker, url: '${url}', tokenEnv: WOODPECKER_TOKEN}
  hub: {kind: github}
projects:
  shop: {ci: builds, git: hub, ${project}, images: {front: 'ghcr.io/acme/front:{commit:8}'}}`;
}

const loadSigned = (text: string) => load(text, { WOODPECKER_TOKEN: 'sesame' });

describe('a configuration', () => {
  it('has the default events, and one name for both hosts', () => {
    expect(loadSigned(configure('repository: acme/shop')).projects.get('shop')).toMatchObject({
      ciRepository: 'acme/shop',
      gitRepository: 'acme/shop',
      events: ['push', 'pull_request', 'manual'],
    });
  });

  it('may have a root path', () => {
    const { connections } = loadSigned(configure('repository: acme/shop', 'https://example.com/woodpecker'));
    expect(connections.get('builds')?.url).toBe('https://example.com/woodpecker');
  });
});

describe('a configuration is refused', () => {
  it.each([
    [
      'with a workflow',
      'repository: acme/shop, workflows: [build]',
      'runs of this kind of connection belong to no',
    ],
    [
      'with an event of Jenkins',
      'repository: acme/shop, events: [branch]',
      'expected an event of Woodpecker',
    ],
    ['with a mistyped event', 'repository: acme/shop, events: [pull-request]', 'did you mean pull_request?'],
    ['with a URL', "repository: 'https://git.example.com/acme/shop.git'", 'did you mean acme/shop?'],
    ['with a name only', 'repository: shop', 'expected OWNER/NAME as Woodpecker shows it'],
    ['with dots alone', 'repository: acme/..', 'expected OWNER/NAME as Woodpecker shows it'],
  ])('%s', (_name, project, problem) => {
    expect(problemsOf(configure(project))).toContainEqual(expect.stringContaining(problem));
  });

  it('whose url is the API', () => {
    expect(problemsOf(configure('repository: acme/shop', 'https://ci.example.com/api'))).toContainEqual(
      expect.stringContaining('did you mean https://ci.example.com?'),
    );
  });
});
