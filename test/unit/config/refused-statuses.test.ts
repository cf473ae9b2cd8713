/** The keys `statuses` and `builds: statuses`. */
import { describe, expect, it } from 'vitest';
import { CI, load, problemsOf } from '../../fixtures/config/configurations.ts';

const IMAGE = "images: {front: 'x:{commit}'}";

function refusals(...keys: string[]): string[] {
  const images = keys.some((key) => key.startsWith('images:')) ? [] : [IMAGE];
  const lines = ['repository: acme/shop', ...keys, ...images].map((key) => `    ${key}`);
  return problemsOf([CI, 'projects:', '  shop:', ...lines].join('\n')).map((line) =>
    line.replace(/^\d+:\d+ projects\.shop\./, ''),
  );
}

describe('statuses', () => {
  it('are names or globs', () => {
    const text = `${CI}\nprojects: {shop: {repository: acme/shop, statuses: [sonarqube, "ci/* (push)"], ${IMAGE}}}`;
    expect(load(text).projects.get('shop')).toMatchObject({
      builds: 'runs',
      statuses: ['sonarqube', 'ci/* (push)'],
    });
  });

  it.each([
    [
      'statuses: []',
      'statuses: found a list, expected a list of statuses or checks, for example [sonarqube, "security/*"]',
    ],
    [
      'statuses: sonarqube',
      'statuses: found "sonarqube", expected a list of statuses or checks, for example [sonarqube, "security/*"]',
    ],
    [
      'statuses: [""]',
      'statuses[0]: found "", expected the name of a status or check, in which * stands for any text, for example security/*',
    ],
    ['builds: status', 'builds: found "status", expected runs or statuses or registry'],
  ])('%s', (key, problem) => {
    expect(refusals(key)).toEqual([problem]);
  });
});

describe('builds: statuses', () => {
  it('makes pushes the builds of the Git host', () => {
    const text = `connections: {gh: {kind: github}, other: {kind: github}}\nprojects: {shop: {ci: other, git: gh, repository: acme/shop, builds: statuses, statuses: [ci], ${IMAGE}}}`;
    expect(load(text).projects.get('shop')).toMatchObject({
      ci: 'gh',
      git: 'gh',
      builds: 'statuses',
      events: ['push'],
      workflows: [],
    });
  });

  it.each([
    [
      [],
      'builds: found no key statuses, expected the statuses that make a commit green, for example [continuous-integration/drone/push]',
    ],
    [
      ['statuses: [ci]', 'workflows: [.github/workflows/build.yml]'],
      'workflows: found a list, expected no such key, since builds: statuses asks no CI for its runs',
    ],
    [
      ['statuses: [ci]', 'events: [push]'],
      'events: found a list, expected no such key, since builds: statuses asks no CI for its runs',
    ],
    [
      ['statuses: [ci]', "images: {front: 'x:{build_number}'}"],
      'images.front: found "x:{build_number}", expected a tag without {build_number}, since builds: statuses knows commits and no runs; use {commit}',
    ],
    [
      ['statuses: [ci]', "images: {front: {reference: 'x:{commit}-{attempt}'}}"],
      'images.front.reference: found "x:{commit}-{attempt}", expected a tag without {attempt}, since builds: statuses knows commits and no runs; use {commit}',
    ],
    [
      ['statuses: [ci]', "images: {front: 'x:{branch}'}"],
      'images.front: found "x:{branch}", expected a tag with {commit}, or revision: require, since builds: statuses does not know when a build ends',
    ],
  ])('with %j', (keys, problem) => {
    expect(refusals('builds: statuses', ...keys)).toEqual([problem]);
  });

  it('takes a tag that moves if the revision proves whose it is', () => {
    const images = "images: {front: {reference: 'x:{branch}', revision: require}}";
    expect(refusals('builds: statuses', 'statuses: [ci]', images)).toEqual([]);
  });
});
