import { describe, expect, it } from 'vitest';
import {
  CI,
  connectionRefusals,
  problemsOf,
  PROJECTS,
  projectRefusals,
  refusals,
} from '../../fixtures/config/configurations.ts';

const ROOT_KEYS =
  'server, management, freshFor, maxFreshFor, store, connections, registries, dockerConfigFiles, projects';

describe('keys that are not known', () => {
  it.each([
    [
      'freshfor: 15s',
      `3:1 freshfor: found an unknown key, expected one of ${ROOT_KEYS}; did you mean freshFor?`,
    ],
    [
      'project: {}',
      `3:1 project: found an unknown key, expected one of ${ROOT_KEYS}; did you mean projects?`,
    ],
    [
      'docker: {}',
      `3:1 docker: found an unknown key, expected one of ${ROOT_KEYS}; did you mean dockerConfigFiles?`,
    ],
    [
      'registry: {}',
      `3:1 registry: found an unknown key, expected one of ${ROOT_KEYS}; did you mean registries?`,
    ],
    ['logging: {}', `3:1 logging: found an unknown key, expected one of ${ROOT_KEYS}`],
    [
      'server: {hots: x}',
      '3:10 server.hots: found an unknown key, expected one of host, port, tokenFile, tokenEnv, deadline, patience; did you mean host?',
    ],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it.each([
    [
      'connections: [x]',
      'connections: found a list, expected a mapping, for example connections: {github: {kind: github, tokenEnv: GITHUB_TOKEN}}',
    ],
    [
      'registries: [ghcr.io]',
      'registries: found a list, expected a mapping, for example registries: {ghcr.io: {username: bot, passwordEnv: GHCR_PASSWORD}}',
    ],
    [
      'projects: [shop]',
      "projects: found a list, expected a mapping, for example projects: {shop: {repository: acme/shop, images: {front: '...'}}}",
    ],
    [
      'projects: {shop: [x]}',
      "projects.shop: found a list, expected a mapping, for example shop: {repository: acme/shop, images: {front: '...'}}",
    ],
    [
      'projects: {shop: {repository: acme/shop, images: [x]}}',
      "projects.shop.images: found a list, expected a mapping, for example images: {front: 'ghcr.io/acme/front:{commit}'}",
    ],
  ])('nor lists where a mapping belongs, which is shown: %s', (line, problem) => {
    const [section] = line.split(':');
    const others = [
      'connections: {gh: {kind: github}}',
      "projects: {shop: {repository: acme/shop, images: {front: 'x:{commit}'}}}",
    ];
    const text = [line, ...others.filter((other) => !other.startsWith(`${section}:`))].join('\n');
    expect(problemsOf(text).map((found) => found.replace(/^\d+:\d+ /, ''))).toContain(problem);
  });

  it.each([
    ['server: {host: "${HOST}"}', 'variables are not expanded in this file: write the value itself'],
    ['server: {host: $HOST}', 'variables are not expanded in this file: write the value itself'],
    ['server: {host: [::1]}', 'an address in brackets is a list to YAML: write it in quotes'],
  ])('%s is told for what it is', (line, text) => {
    const [problem] = refusals(line);
    expect(problem).toContain(text);
  });

  it('KEY = VALUE is no YAML', () => {
    expect(problemsOf('port = 4355\n')).toEqual([
      '1:1 found "port = 4355", expected a mapping with connections and projects; YAML is written KEY: VALUE, not KEY = VALUE',
    ]);
  });

  it('in a connection and an image are found too', () => {
    expect(connectionRefusals('URL: https://x')).toEqual([
      '3:20 connections.gh.URL: found an unknown key, expected one of kind, url, tokenEnv, tokenFile, app, caFile; did you mean url?',
    ]);
    expect(projectRefusals("images: {front: {reference: 'x:{commit}', onmissing: previous}}")).toEqual([
      '4:47 projects.shop.images.front.onmissing: found an unknown key, expected one of reference, platform, handOut, workflow, onMissing, revision; did you mean onMissing?',
    ]);
  });
});

describe('keys of the user, which begin with x-', () => {
  it('are no mistake beside the known ones, whatever is in them', () => {
    const text = `
x-empty:
x-image: &image {reference: 'x:{commit}', x-note: ~}
server: {x-a: [1], patience: 1s}
management: {x-a: 1}
store: {kind: memory, x-a: {tokenEnv: NOT_SET}}
connections: {gh: {kind: github, x-a: 1, app: {id: 1, installationId: 2, privateKeyFile: /x, x-a: 1}}}
registries: {ghcr.io: {x-a: 1}}
projects: {shop: {repository: acme/shop, x-a: 1, images: {front: *image}}}
`;
    expect(problemsOf(text)).toEqual([]);
  });

  it('hide no other mistake', () => {
    expect(refusals('server: {x-a: 1, hots: x, x-b: 1, tokenFile: /x, tokenEnv: A}', { A: 'x' })).toEqual([
      '3:1 server: found tokenFile and tokenEnv, expected at most one of tokenFile, tokenEnv',
      '3:18 server.hots: found an unknown key, expected one of host, port, tokenFile, tokenEnv, deadline, patience; did you mean host?',
    ]);
  });

  it('are names where the user chooses the names', () => {
    expect(projectRefusals('images: {x-note: 5}')).toEqual([
      '4:14 projects.shop.images.x-note: found 5, expected an image reference, or a mapping with reference',
    ]);
  });

  it.each(['X-images', '.images', '_images', 'x_images'])('are told of to whoever writes %s', (key) => {
    expect(refusals(`${key}: {}`)).toEqual([
      expect.stringMatching(/found an unknown key, expected .*; prefix keys of your own with x-$/),
    ]);
  });
});

describe('keys that exclude or need each other', () => {
  it.each([
    [
      'server: {tokenFile: /x, tokenEnv: A}',
      '3:1 server: found tokenFile and tokenEnv, expected at most one of tokenFile, tokenEnv',
    ],
    [
      'registries: {ghcr.io: {username: bot}}',
      '3:14 registries["ghcr.io"]: found username, expected username with one of passwordFile, passwordEnv, or none of them',
    ],
    [
      'registries: {ghcr.io: {passwordFile: /x}}',
      '3:14 registries["ghcr.io"]: found passwordFile, expected username with one of passwordFile, passwordEnv, or none of them',
    ],
    [
      'registries: {ghcr.io: {username: bot, passwordFile: /x, passwordEnv: A}}',
      '3:14 registries["ghcr.io"]: found username and passwordFile and passwordEnv, expected username with one of passwordFile, passwordEnv, or none of them',
    ],
  ])('%s', (line, problem) => {
    expect(refusals(line, { A: 'x' })).toEqual([problem]);
  });

  it('two ways to sign in at CI', () => {
    expect(connectionRefusals('tokenFile: /x, app: {id: 1, installationId: 2, privateKeyFile: /y}')).toEqual([
      '2:3 connections.gh: found tokenFile and app, expected at most one of tokenEnv, tokenFile, app',
    ]);
  });
});

describe('the former name of a key', () => {
  it('gets its new name, once', () => {
    expect(problemsOf(`ci: {gh: {kind: github}}\n${PROJECTS}`)).toEqual([
      '1:1 ci: found the former name of a key, expected connections',
    ]);
  });

  it('is unknown in another place', () => {
    expect(problemsOf(`server: {ci: x}\n${CI}\n${PROJECTS}`)).toEqual([
      expect.stringContaining('1:10 server.ci: found an unknown key, expected one of host'),
    ]);
  });
});

it('all problems are reported at once, in the order of the file, each on one line', () => {
  const problems = problemsOf(`
freshfor: 15s
server:
  port: 4355x
  deadline: 10ms
connections:
  gh: {kind: github, tokenEnv: GITHUB_TOKEN, url: "http://github.example.com"}
registries:
  https://ghcr.io: {password: hunter2}
projects:
  shop:
    ci: hub
    repository: shop
    images:
      front: ghcr.io/acme/front
      back: {reference: 'ghcr.io/ACME/back:{commit}', platform: linux, onMissing: never}
  api: {repository: acme/api, images: {}, workflows: [build.yml]}
`);
  expect(problems.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    '2:1 freshfor:',
    '4:3 server.port:',
    '5:3 server.deadline:',
    '7:22 connections.gh.tokenEnv:',
    '7:46 connections.gh.url:',
    '9:3 registries["https://ghcr.io"]:',
    '12:5 projects.shop.ci:',
    '13:5 projects.shop.repository:',
    '15:7 projects.shop.images.front:',
    '16:14 projects.shop.images.back.reference:',
    '16:55 projects.shop.images.back.platform:',
    '16:72 projects.shop.images.back.onMissing:',
    '17:31 projects.api.images:',
    '17:55 projects.api.workflows[0]:',
  ]);
  for (const line of problems) expect(line).toMatch(/found .+, expected .+$/);
  expect(problems.join('')).not.toMatch(/\n|hunter2/);
});
