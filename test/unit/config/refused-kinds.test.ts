/** Values in another kind's form: one line says what was found, where, and what this kind expects. */
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../fixtures/config/configurations.ts';

interface Kind {
  readonly repository: string;
  readonly event: string;
  /** Undefined: its runs belong to no workflow. */
  readonly workflow?: string;
  /** What messages say is expected. */
  readonly expects: { readonly repository: string; readonly event: string; readonly workflow: string };
  readonly connection?: object;
  readonly project?: object;
  /** The project names the CI's own jobs, so that its repository is the Git host's. */
  readonly hasJobs?: true;
}

const NO_WORKFLOW = 'none, since runs of this kind of connection belong to no workflow; leave the key out';
const URL_KEY = { connection: { url: 'https://ci.example.com' } };
const ACTIONS = {
  repository: 'acme/shop.js',
  event: 'workflow_dispatch',
  workflow: 'build.yml',
  expects: {
    repository: 'OWNER/NAME, for example acme/shop',
    event: 'an event of Actions, for example push',
    workflow: 'the file name of a workflow, for example build.yml',
  },
  ...URL_KEY,
};

const KINDS: Readonly<Record<string, Kind>> = {
  github: {
    repository: 'acme/shop',
    event: 'merge_group',
    workflow: '.github/workflows/build.yml',
    expects: {
      repository: 'OWNER/NAME, for example acme/shop',
      event: 'an event of GitHub Actions',
      workflow: 'the path of a workflow, for example .github/workflows/build.yml',
    },
  },
  gitlab: {
    repository: 'acme/web/team/shop',
    event: 'merge_request_event',
    expects: {
      repository: 'the path of a GitLab project, GROUP/NAME or GROUP/SUBGROUP/NAME',
      event: 'the source of a GitLab pipeline',
      workflow: NO_WORKFLOW,
    },
  },
  gitea: ACTIONS,
  forgejo: ACTIONS,
  'azure-devops': {
    repository: 'acme/Shop Floor/front',
    event: 'individualCI',
    workflow: 'shop ci',
    expects: {
      repository: 'ORGANIZATION/PROJECT/REPOSITORY',
      event: 'a reason of Azure Pipelines',
      workflow: "a pipeline's name without its folder, or its id in quotes",
    },
  },
  bitbucket: {
    repository: 'acme/shop',
    event: 'parent',
    workflow: 'branches:release/*',
    expects: {
      repository: 'WORKSPACE/NAME, for example acme/shop',
      event: 'an event of Bitbucket Pipelines',
      workflow: 'a section of bitbucket-pipelines.yml',
    },
  },
  'bitbucket-server': {
    repository: '~jane/front',
    event: 'push',
    expects: {
      repository: 'PROJECT/NAME or ~USER/NAME',
      event: 'no such key, since builds: statuses asks no CI for its runs',
      workflow: 'no such key, since builds: statuses asks no CI for its runs',
    },
    ...URL_KEY,
    project: { builds: 'statuses', statuses: ['build'] },
  },
  jenkins: {
    repository: 'acme/shop',
    event: 'branch',
    workflow: 'acme/shop%20floor',
    expects: {
      repository: "the Git host's name of the repository",
      event: 'branch or pull_request',
      workflow: 'the full name of the multibranch pipeline',
    },
    ...URL_KEY,
    hasJobs: true,
  },
  buildkite: {
    repository: 'acme/shop',
    event: 'webhook',
    workflow: 'acme-inc/shop',
    expects: {
      repository: "the Git host's name of the repository",
      event: 'an event of Buildkite',
      workflow: 'a pipeline, ORGANIZATION/PIPELINE',
    },
    hasJobs: true,
  },
  circleci: {
    repository: 'acme/shop',
    event: 'vcs',
    workflow: 'gh/acme/shop',
    expects: {
      repository: "the Git host's name of the repository",
      event: 'an event of CircleCI',
      workflow: 'the slug of a project',
    },
    hasJobs: true,
  },
  woodpecker: {
    repository: 'acme/shop',
    event: 'cron',
    expects: {
      repository: 'OWNER/NAME as Woodpecker shows it',
      event: 'an event of Woodpecker',
      workflow: NO_WORKFLOW,
    },
    ...URL_KEY,
  },
};

const NAMES = Object.keys(KINDS);

function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

/** @param keys of the project, and of the connection `ci` of the kind; the connection `host` is a GitHub */
function ask(name: string, keys: { project?: object; connection?: object } = {}): string[] {
  const { repository, workflow, connection, project, hasJobs } = kindOf(name);
  const jobs = hasJobs === true ? { workflows: [workflow] } : {};
  const text = JSON.stringify({
    connections: { ci: { kind: name, ...connection, ...keys.connection }, host: { kind: 'github' } },
    projects: {
      shop: {
        ci: 'ci',
        repository,
        ...jobs,
        ...project,
        ...keys.project,
        images: { front: 'ghcr.io/acme/front:{commit}' },
      },
    },
  });
  try {
    return problemsOf(text).map((problem) => problem.replace(/^\d+:\d+ /, ''));
  } catch {
    return [];
  }
}

describe.each(NAMES)('a project of kind %s', (name) => {
  const { expects, workflow, hasJobs } = kindOf(name);
  const others = NAMES.filter((other) => other !== name);

  it('is accepted in its own form', () => {
    const { event } = kindOf(name);
    const workflows = workflow === undefined ? {} : { workflows: [workflow] };
    const events = name === 'bitbucket-server' ? {} : { events: [event] };
    expect(ask(name, { project: { ...events, ...workflows } })).toEqual([]);
  });

  it.each(others)('in the form of %s is accepted, or refused by one line for each value', (other) => {
    const foreign = kindOf(other);
    const values = [
      ['repository', foreign.repository, 'repository', 'repository'],
      ['events', [foreign.event], String.raw`events(?:\[0\])?`, 'event'],
      ['workflows', [foreign.workflow ?? '?'], String.raw`workflows(?:\[0\])?`, 'workflow'],
    ] as const;
    for (const [key, value, path, expected] of values) {
      const problems = ask(name, { project: { [key]: value } });
      expect(problems.length, `${key}: ${String(value)}`).toBeLessThanOrEqual(1);
      for (const problem of problems) {
        expect(problem).toMatch(new RegExp(`^projects\\.shop\\.${path}: found .*, expected `));
        expect(problem).toContain(`expected ${expects[expected]}`);
      }
    }
  });

  it('needs jobs exactly if its runs belong to them', () => {
    const problems = ask(name, { project: { workflows: undefined } });
    const missing = expect.stringContaining(
      `found nothing, expected what to list the runs of: ${expects.workflow}`,
    );
    expect(problems).toEqual(hasJobs === true ? [missing] : []);
  });

  it('may name its connection as git exactly if that is a Git host', () => {
    const isNoHost = hasJobs === true || name === 'woodpecker';
    const refusal = 'projects.shop.git: found "ci", expected a connection to a Git host';
    expect(ask(name, { project: { git: 'ci' } })).toEqual(isNoHost ? [refusal] : []);
  });

  it.each(['acme', 'acme/..', 'git@git.example.com:acme/shop.git', 'https://git.example.com/acme/shop'])(
    'is refused with the repository %s',
    (repository) => {
      expect(ask(name, { project: { repository } })).toEqual([
        expect.stringContaining(`found "${repository}", expected ${expects.repository}`),
      ]);
    },
  );
});

describe('a value that only another kind has', () => {
  it.each([
    ['github', 'repository', 'acme/web/shop'],
    ['gitea', 'repository', 'acme/web/shop'],
    ['bitbucket', 'repository', 'acme/web/shop'],
    ['bitbucket-server', 'repository', 'acme/web/shop'],
    ['azure-devops', 'repository', 'acme/shop'],
    ['gitlab', 'repository', 'acme/Shop Floor/front'],
    ['woodpecker', 'repository', 'acme/Shop Floor/front'],
    ['github', 'events', ['individualCI']],
    ['gitlab', 'events', ['pull_request']],
    ['gitea', 'events', ['merge_request_event']],
    ['azure-devops', 'events', ['push']],
    ['bitbucket', 'events', ['workflow_dispatch']],
    ['jenkins', 'events', ['push']],
    ['buildkite', 'events', ['push']],
    ['circleci', 'events', ['branch']],
    ['woodpecker', 'events', ['workflow_dispatch']],
    ['gitlab', 'workflows', ['build.yml']],
    ['woodpecker', 'workflows', ['build.yml']],
    ['bitbucket-server', 'workflows', ['build.yml']],
    ['github', 'workflows', ['acme/shop']],
    ['gitea', 'workflows', ['gh/acme/shop']],
    ['azure-devops', 'workflows', ['folder/shop-ci']],
    ['bitbucket', 'workflows', ['.github/workflows/build.yml']],
    ['jenkins', 'workflows', ['job/acme/job/shop']],
    ['buildkite', 'workflows', ['build.yml']],
    ['circleci', 'workflows', ['build.yml']],
  ])('is refused for %s: %s %s', (name, key, value) => {
    expect(ask(name, { project: { [key]: value } })).toHaveLength(1);
  });

  it('is judged by the Git host, if CI has names of its own', () => {
    const project = { git: 'host', repository: 'acme/web/shop' };
    for (const name of ['jenkins', 'buildkite', 'circleci', 'woodpecker']) {
      expect(ask(name, { project })).toEqual([
        'projects.shop.repository: found "acme/web/shop", expected OWNER/NAME, for example acme/shop',
      ]);
    }
  });
});

describe('the url of', () => {
  it.each([
    ['github', 'https://github.com/acme/shop', 'https://api.github.com'],
    ['github', 'http://github.example.com/api/v3', 'https://github.example.com/api/v3'],
    ['gitlab', 'https://gitlab.com/api/v4', 'https://gitlab.com'],
    ['gitlab', 'https://gitlab.com/acme/shop', 'https://gitlab.com'],
    ['gitlab', 'https://example.com/gitlab/api/v4/', 'https://example.com/gitlab'],
    ['gitlab', 'gitlab.example.com', 'https://gitlab.example.com'],
    ['gitea', 'https://gitea.example.com/git/api/v1', 'https://gitea.example.com/git'],
    ['gitea', 'https://gitea.example.com/api', 'https://gitea.example.com'],
    ['forgejo', 'https://forgejo.example.com/api/v1/repos', 'https://forgejo.example.com'],
    ['forgejo', 'http://forgejo.example.com/api/v1', 'https://forgejo.example.com'],
    ['azure-devops', 'https://dev.azure.com/acme', 'https://dev.azure.com'],
    ['azure-devops', 'https://acme.visualstudio.com', 'https://dev.azure.com'],
    ['bitbucket', 'https://bitbucket.org/acme/shop', 'https://api.bitbucket.org'],
    ['bitbucket', 'https://api.bitbucket.org/2.0', 'https://api.bitbucket.org'],
    ['bitbucket-server', 'https://example.com/bitbucket/rest/api/latest', 'https://example.com/bitbucket'],
    ['bitbucket-server', 'https://bitbucket.example.com/projects/SHOP', 'https://bitbucket.example.com'],
    ['jenkins', 'https://ci.example.com/jenkins/job/acme/job/shop', 'https://ci.example.com/jenkins'],
    ['jenkins', 'http://ci.example.com', 'https://ci.example.com'],
    ['buildkite', 'https://buildkite.com/acme', 'https://api.buildkite.com'],
    ['buildkite', 'https://graphql.buildkite.com/v1', 'https://api.buildkite.com'],
    ['buildkite', 'https://api.buildkite.com/v2', 'https://api.buildkite.com'],
    ['circleci', 'https://app.circleci.com', 'https://circleci.com'],
    ['circleci', 'https://circleci.com/gh/acme/shop', 'https://circleci.com'],
    ['circleci', 'https://circleci.com/api/v2', 'https://circleci.com'],
    ['woodpecker', 'https://ci.example.com/api/', 'https://ci.example.com'],
  ])('%s at %s is refused with the likely one', (name, url, meant) => {
    const [problem, ...others] = ask(name, { connection: { url } });
    expect(problem).toMatch(/^connections\.ci\.url: found ".*", expected an https URL .*; did you mean /);
    expect(problem?.endsWith(`; did you mean ${meant}?`)).toBe(true);
    expect(others).toEqual([]);
    expect(ask(name, { connection: { url: meant } })).toEqual([]);
  });

  it('no likely one is suggested that would be refused, too', () => {
    const [problem] = ask('gitlab', { connection: { url: 'ftp://gitlab.example.com' } });
    expect(problem).not.toContain('did you mean');
  });
});

describe('the credentials of', () => {
  it.each([
    ['jenkins', { tokenFile: '/dev/null' }, 'found tokenFile, expected username with tokenEnv or tokenFile'],
    ['jenkins', { username: 'bot' }, 'found username, expected username with tokenEnv or tokenFile'],
    ['bitbucket', { username: 'jane@example.com' }, 'username only with one of them'],
    ['gitlab', { username: 'jane' }, 'found an unknown key, expected one of kind, url, tokenEnv, tokenFile'],
  ])('%s with %o', (name, connection, text) => {
    expect(ask(name, { connection })).toEqual([expect.stringContaining(text)]);
  });
});
