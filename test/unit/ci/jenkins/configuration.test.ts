import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../../../fixtures/config/configurations.ts';

const CONNECTION = 'url: https://ci.example.com, username: bot, tokenEnv: JENKINS_TOKEN';
const PROJECT = 'repository: acme/shop, workflows: [platform/shop]';

function configure(connection = CONNECTION, project = PROJECT): string {
  return `connections:
  builds: {kind: jenkins, ${connection}}
  hub: {kind: github}
projects:
  shop: {ci: builds, git: hub, ${project}, images: {front: 'ghcr.io/acme/front:{commit}'}}`;
}

const loadSigned = (text: string) => load(text, { JENKINS_TOKEN: 'sesame' });

describe('a configuration', () => {
  it('names the multibranch pipeline to Jenkins, and the repository to the Git host', () => {
    const { projects, connections } = loadSigned(configure());
    expect(projects.get('shop')).toMatchObject({
      ciRepository: 'platform/shop',
      gitRepository: 'acme/shop',
      events: ['branch', 'pull_request'],
    });
    expect(connections.get('builds')?.auth).toMatchObject({ kind: 'token', username: 'bot' });
  });

  it.each([
    ['a context path', `url: https://example.com/jenkins, username: bot, tokenEnv: JENKINS_TOKEN`],
    ['a Service of the cluster', `url: 'http://jenkins.ci.svc:8080', username: bot, tokenEnv: JENKINS_TOKEN`],
    ['no credentials', `url: https://ci.jenkins.io`],
  ])('may have %s', (_name, connection) => {
    expect(loadSigned(configure(connection)).connections.get('builds')).toBeDefined();
  });
});

describe('a connection is refused', () => {
  it.each([
    [
      'whose url is a page of Jenkins',
      'url: https://ci.example.com/jenkins/job/acme/job/shop/',
      'did you mean https://ci.example.com/jenkins?',
    ],
    ['whose url is plain HTTP', 'url: http://ci.example.com', 'http only on loopback or to a Service'],
    ['without a user', 'url: https://ci.example.com, tokenEnv: T', 'found tokenEnv, expected username with'],
    [
      'without a token',
      'url: https://ci.example.com, username: bot',
      'found username, expected username with',
    ],
  ])('%s', (_name, connection, problem) => {
    expect(problemsOf(configure(connection))).toContainEqual(expect.stringContaining(problem));
  });
});

describe('a project is refused', () => {
  it.each([
    ['with two pipelines', 'repository: acme/shop, workflows: [a/b, c/d]', 'expected exactly one'],
    [
      'with the path of a pipeline',
      'repository: acme/shop, workflows: [job/platform/job/shop]',
      'did you mean platform/shop?',
    ],
    [
      'with the address of a pipeline',
      "repository: acme/shop, workflows: ['https://ci.example.com/jenkins/job/platform/job/shop/']",
      'did you mean platform/shop?',
    ],
    ['with a blank', "repository: acme/shop, workflows: ['my team/shop']", 'did you mean my%20team/shop?'],
    ['with dots alone', "repository: acme/shop, workflows: ['../shop']", 'expected the full name of'],
    [
      'with an event of GitHub',
      `${PROJECT}, events: [push]`,
      'found "push", expected branch or pull_request',
    ],
    ['with a mistyped event', `${PROJECT}, events: [pullrequest]`, 'did you mean pull_request?'],
    [
      'with a name only',
      'repository: shop, workflows: [platform/shop]',
      'projects.shop.repository: found "shop"',
    ],
  ])('%s', (_name, project, problem) => {
    expect(problemsOf(configure(CONNECTION, project))).toContainEqual(expect.stringContaining(problem));
  });
});
