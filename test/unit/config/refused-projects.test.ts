import { describe, expect, it } from 'vitest';
import { CI, problemsOf, projectRefusals, PROJECTS } from '../../fixtures/config/configurations.ts';

describe('projects', () => {
  const workflow = 'expected the path of a workflow, for example .github/workflows/build.yml';
  const event = 'expected an event of GitHub Actions, for example push or pull_request';
  it.each([
    [
      'workflows: [build.yml]',
      `4:17 projects.shop.workflows[0]: found "build.yml", ${workflow}; did you mean .github/workflows/build.yml?`,
    ],
    [
      'workflows: [workflows/x.yaml]',
      `4:17 projects.shop.workflows[0]: found "workflows/x.yaml", ${workflow}; did you mean .github/workflows/x.yaml?`,
    ],
    ['workflows: [Build and test]', `4:17 projects.shop.workflows[0]: found "Build and test", ${workflow}`],
    [
      'workflows: [.github/workflows/x.yml@main]',
      `4:17 projects.shop.workflows[0]: found ".github/workflows/x.yml@main", ${workflow}; did you mean .github/workflows/x.yml?`,
    ],
    [
      'workflows: []',
      '4:5 projects.shop.workflows: found a list, expected a list of workflows, for example [.github/workflows/build.yml]; leave the key out to count every workflow',
    ],
    [
      'workflows: build.yml',
      '4:5 projects.shop.workflows: found "build.yml", expected a list of workflows, for example [.github/workflows/build.yml]; leave the key out to count every workflow',
    ],
    [
      'events: [pull-request]',
      `4:14 projects.shop.events[0]: found "pull-request", ${event}; did you mean pull_request?`,
    ],
    [
      'events: [push, workflow_run]',
      '4:20 projects.shop.events[1]: found "workflow_run", expected another event: a run on workflow_run bears the default branch\'s newest commit, not the one whose image it pushes; count only the workflow that triggers it (docs/how-to/workflow-run.md)',
    ],
    ['events: [merge_request_event]', `4:14 projects.shop.events[0]: found "merge_request_event", ${event}`],
    ['events: []', '4:5 projects.shop.events: found a list, expected a list of at least one event'],
    ['forks: no', '4:5 projects.shop.forks: found "no", expected true or false'],
    ['lookback: 0', '4:5 projects.shop.lookback: found 0, expected a whole number from 1 to 100'],
    ['lookback: 101', '4:5 projects.shop.lookback: found 101, expected a whole number from 1 to 100'],
    ['blocked: green', '4:5 projects.shop.blocked: found "green", expected pending or success'],
    [
      'freshFor: 6m',
      '4:5 projects.shop.freshFor: found "6m", expected at most maxFreshFor (5m unless given)',
    ],
    ['onNoBuild: fail', '4:5 projects.shop.onNoBuild: found "fail", expected empty or error'],
    ['ci: hg', '4:5 projects.shop.ci: found "hg", expected one of the connections (gh); did you mean gh?'],
    ['ci: gitlab', '4:5 projects.shop.ci: found "gitlab", expected one of the connections (gh)'],
    ['ci: 5', '4:5 projects.shop.ci: found 5, expected the name of a connection'],
    [
      'repository: shop',
      '4:5 projects.shop.repository: found "shop", expected OWNER/NAME, for example acme/shop',
    ],
    [
      'repository: acme/..',
      '4:5 projects.shop.repository: found "acme/..", expected OWNER/NAME, for example acme/shop',
    ],
    [
      'repository: acme/shop.git',
      '4:5 projects.shop.repository: found "acme/shop.git", expected OWNER/NAME, for example acme/shop; did you mean acme/shop?',
    ],
    [
      'repository: "git@github.com:acme/shop.git"',
      '4:5 projects.shop.repository: found "git@github.com:acme/shop.git", expected OWNER/NAME, for example acme/shop; did you mean acme/shop?',
    ],
    [
      'repository: https://github.com/acme/shop/',
      '4:5 projects.shop.repository: found "https://github.com/acme/shop/", expected OWNER/NAME, for example acme/shop; did you mean acme/shop?',
    ],
  ])('%s', (line, problem) => {
    expect(projectRefusals(line)).toEqual([problem]);
  });

  it('that are none', () => {
    expect(problemsOf(`${CI}\nprojects: {}`)).toEqual([
      '2:1 projects: found an empty mapping, expected at least one entry',
    ]);
    expect(problemsOf(CI)).toEqual([
      "1:1 projects: found nothing, expected a mapping, for example projects: {shop: {repository: acme/shop, images: {front: '...'}}}",
    ]);
  });

  it('without repository and images', () => {
    expect(problemsOf(`${CI}\nprojects: {shop: {}}`)).toEqual([
      '2:12 projects.shop.repository: found nothing, expected the Git repository, for example acme/shop',
      "2:12 projects.shop.images: found nothing, expected a mapping, for example images: {front: 'ghcr.io/acme/front:{commit}'}",
    ]);
  });

  it('that do not say which of several connections', () => {
    expect(problemsOf(`connections: {a: {kind: github}, b: {kind: github}}\n${PROJECTS}`)).toEqual([
      '2:12 projects.shop.ci: found nothing, expected one of the connections (a, b)',
    ]);
  });

  it.each(['', '.', '-x', 'a b', 'a\\nb', 'x'.repeat(101)])('under the name "%s"', (name) => {
    const text = `${CI}\nprojects: {"${name}": {repository: acme/shop, images: {front: 'x:{commit}'}}}`;
    const [problem, ...others] = problemsOf(text);
    expect(problem).toMatch(
      / expected a name of at most 100 letters, digits, "\.", "_", "-" and "\/" that begins with a letter or digit$/,
    );
    expect(others).toEqual([]);
  });
});
