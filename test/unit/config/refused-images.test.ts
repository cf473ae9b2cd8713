import { describe, expect, it } from 'vitest';
import { CI, problemsOf, projectRefusals } from '../../fixtures/config/configurations.ts';

const EXAMPLE = ", for example images: {front: 'ghcr.io/acme/front:{commit}'}";

describe('images', () => {
  const name =
    'expected a name of letters, digits, - and _ that begins with a letter and ends with a letter or digit';
  const repository =
    'expected a repository without tag and digest, REGISTRY/PATH, for example mirror.local/acme/shop';
  const noTag =
    'expected an image reference with a tag: the tag is missing; expected REGISTRY/PATH:TAG, for example ghcr.io/acme/shop:sha-{commit}';
  it.each([
    ['images: {}', '4:5 projects.shop.images: found an empty mapping, expected at least one entry'],
    ['images: [x]', `4:5 projects.shop.images: found a list, expected a mapping${EXAMPLE}`],
    ["images: {front-: 'x:1'}", `4:14 projects.shop.images.front-: found the name "front-", ${name}`],
    ["images: {1st: 'x:1'}", `4:14 projects.shop.images["1st"]: found the name "1st", ${name}`],
    ["images: {a.b: 'x:1'}", `4:14 projects.shop.images["a.b"]: found the name "a.b", ${name}`],
    [
      'images: {front: 5}',
      '4:14 projects.shop.images.front: found 5, expected an image reference, or a mapping with reference',
    ],
    [
      'images: {front: {}}',
      '4:14 projects.shop.images.front.reference: found nothing, expected an image reference, for example ghcr.io/acme/shop:sha-{commit}',
    ],
    [
      'images: {front: ghcr.io/acme/front}',
      `4:14 projects.shop.images.front: found "ghcr.io/acme/front", ${noTag}`,
    ],
    [
      "images: {front: 'x:{sha}'}",
      '4:14 projects.shop.images.front: found "x:{sha}", expected an image reference with a tag: {sha} is not known; expected one of {commit}, {branch}, {ref_slug}, {pull_request}, {build_id}, {build_number}, {attempt}, or with a length, {commit:7}; did you mean {commit}?',
    ],
    [
      "images: {front: {reference: 'ghcr.io/ACME/x:{commit:7}'}}",
      '4:22 projects.shop.images.front.reference: found "ghcr.io/ACME/x:{commit:7}", expected an image reference with a tag: "ghcr.io/ACME/x:0123456" has the path component "ACME"; expected lower case',
    ],
    [
      "images: {front: {reference: 'x:1', platform: linux}}",
      '4:40 projects.shop.images.front.platform: found "linux", expected a platform, for example linux/amd64: "linux" is not a platform; expected OS/ARCHITECTURE, such as linux/arm64',
    ],
    [
      "images: {front: {reference: 'x:1', platform: 5}}",
      '4:40 projects.shop.images.front.platform: found 5, expected a platform, for example linux/amd64',
    ],
    [
      "images: {front: {reference: 'x:1', handOut: 'mirror.local:5000/acme/X:1@sha256:0'}}",
      `4:40 projects.shop.images.front.handOut: found "mirror.local:5000/acme/X:1@sha256:0", ${repository}; did you mean mirror.local:5000/acme/x?`,
    ],
    [
      "images: {front: {reference: 'x:1', handOut: acme/shop}}",
      `4:40 projects.shop.images.front.handOut: found "acme/shop", ${repository}`,
    ],
    [
      "images: {front: {reference: 'x:1', handOut: 'mirror.local/{branch}'}}",
      `4:40 projects.shop.images.front.handOut: found "mirror.local/{branch}", ${repository}`,
    ],
    [
      "images: {front: {reference: 'x:1', handOut: 'bot:hunter2@mirror.local/x'}}",
      `4:40 projects.shop.images.front.handOut: found "***@mirror.local/x", ${repository}`,
    ],
    [
      "images: {front: {reference: 'x:1', handOut: 'mirror.local:99999/x'}}",
      '4:40 projects.shop.images.front.handOut: found "mirror.local:99999/x", expected a repository, REGISTRY/PATH: "mirror.local:99999/x" has the registry "mirror.local:99999"; expected a host such as ghcr.io or localhost:5000',
    ],
    [
      "images: {front: {reference: 'x:1', onMissing: skip}}",
      '4:40 projects.shop.images.front.onMissing: found "skip", expected reject or previous or target',
    ],
    [
      "images: {front: {reference: 'x:pr-{pull_request}', onMissing: target}}",
      '4:56 projects.shop.images.front.onMissing: found target with {pull_request} in the reference, expected reject or previous: builds of the target branch belong to no pull request',
    ],
    [
      "images: {front: {reference: 'x:1', revision: always}}",
      '4:40 projects.shop.images.front.revision: found "always", expected auto or require or ignore',
    ],
    [
      "images: {a-b: 'x:1', a_b: 'y:1'}",
      '4:26 projects.shop.images.a_b: found a name that yields the same parameter as a-b (digestAB), expected different parameters',
    ],
    [
      "images: {front: 'x:1', Front: 'y:1'}",
      '4:28 projects.shop.images.Front: found a name that yields the same parameter as front (digestFront), expected different parameters',
    ],
  ])('%s', (line, problem) => {
    expect(projectRefusals(line)).toEqual([problem]);
  });

  it.each([
    ['x:sha-${{ github.sha }}', 'Greenpin does not expand variables of GitHub Actions; use {commit}'],
    [
      'x:${{ github.event.pull_request.head.sha }}',
      'Greenpin does not expand variables of GitHub Actions; use {commit}',
    ],
    [
      'x:pr-${{github.event.number}}',
      'Greenpin does not expand variables of GitHub Actions; use {pull_request}',
    ],
    [
      'x:${{ env.TAG }}',
      'Greenpin does not expand variables of GitHub Actions; use a placeholder of Greenpin, for example {commit}',
    ],
    ['x:{{ .head_short_sha }}', 'Greenpin does not expand variables of Argo CD or Helm; use {commit}'],
    ['x:{{branch_slug}}', 'Greenpin does not expand variables of Argo CD or Helm; use {ref_slug}'],
    ['x:${CI_COMMIT_SHA}', 'Greenpin does not expand variables of a shell; use {commit}'],
    ['x:$CI_COMMIT_SHORT_SHA', 'Greenpin does not expand variables of a shell; use {commit:8}'],
    ['x:$CI_COMMIT_REF_SLUG', 'Greenpin does not expand variables of a shell; use {ref_slug}'],
    ['x:$CI_PIPELINE_NUMBER', 'Greenpin does not expand variables of a shell; use {build_number}'],
    ['x:${CI_COMMIT_PULL_REQUEST}', 'Greenpin does not expand variables of a shell; use {pull_request}'],
    ['x:${BITBUCKET_COMMIT}', 'Greenpin does not expand variables of a shell; use {commit}'],
    ['x:${BITBUCKET_PIPELINE_UUID}', 'Greenpin does not expand variables of a shell; use {build_id}'],
    ['x:$(Build.BuildId)', 'Greenpin does not expand variables of Azure Pipelines; use {build_id}'],
    ['x:$(Build.SourceVersion)', 'Greenpin does not expand variables of Azure Pipelines; use {commit}'],
    [
      'x:$(System.PullRequest.PullRequestId)',
      'Greenpin does not expand variables of Azure Pipelines; use {pull_request}',
    ],
    [
      'x:$(Build.SourceBranchName)',
      'Greenpin does not expand variables of Azure Pipelines; use a placeholder of Greenpin, for example {commit}',
    ],
    ['x:%GIT_COMMIT%', 'Greenpin does not expand variables of a shell; use {commit}'],
    ['x:$BUILDKITE_COMMIT', 'Greenpin does not expand variables of a shell; use {commit}'],
    ['x:${BUILDKITE_BUILD_NUMBER}', 'Greenpin does not expand variables of a shell; use {build_number}'],
    ['x:$CIRCLE_SHA1', 'Greenpin does not expand variables of a shell; use {commit}'],
    ['x:<< pipeline.id >>', 'Greenpin does not expand variables of CircleCI; use {build_id}'],
    ['x:0.<<pipeline.number>>', 'Greenpin does not expand variables of CircleCI; use {build_number}'],
    // The number of a job, which a run does not have.
    [
      'x:$CIRCLE_BUILD_NUM',
      'Greenpin does not expand variables of a shell; use a placeholder of Greenpin, for example {commit}',
    ],
  ])('with the variables of other tools are told what to write: %s', (template, remedy) => {
    const found = `found ${JSON.stringify(template)}, expected an image reference with a tag`;
    expect(projectRefusals(`images: {front: '${template}'}`)).toEqual([
      `4:14 projects.shop.images.front: ${found}: ${remedy}`,
    ]);
  });

  it.each([
    ['{sha:7}', '{commit}'],
    ['{short_sha}', '{commit}'],
    ['{comit:7}', '{commit}'],
    ['{Branch}', '{branch}'],
    ['{branch-slug}', '{ref_slug}'],
    ['{pr}', '{pull_request}'],
    ['{number}', '{pull_request}'],
    ['{run_id}', '{build_id}'],
    ['{run_number}', '{build_number}'],
    ['{run_attempt}', '{attempt}'],
  ])('with %s are asked whether %s is meant', (written, meant) => {
    const [problem] = projectRefusals(`images: {front: 'x:sha-${written}'}`);
    expect(problem).toMatch(new RegExp(`is not known; .*; did you mean ${meant}\\?$`));
  });

  it('may bear the same name in two projects', () => {
    const project = "{repository: acme/shop, images: {front: 'x:{commit}'}}";
    expect(problemsOf(`${CI}\nprojects: {a: ${project}, b: ${project}}`)).toEqual([]);
  });
});
