import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MissingParameter,
  parseImageTemplate,
  renderImageTemplate,
  TemplateError,
  type TemplateValues,
} from '../../../src/image/template.ts';

const VALUES: TemplateValues = {
  commit: '1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b',
  branch: 'feature/Login_2.0',
  pullRequest: '42',
  buildId: '17283940561',
  buildNumber: '815',
  attempt: '2',
};

function render(text: string, values: Partial<TemplateValues> = {}): string {
  return renderImageTemplate(parseImageTemplate(text), { ...VALUES, ...values });
}

describe('rendering', () => {
  it.each([
    ['ghcr.io/acme/shop:{commit}', `ghcr.io/acme/shop:${VALUES.commit}`],
    ['ghcr.io/acme/shop:sha-{commit:7}', 'ghcr.io/acme/shop:sha-1a2b3c4'],
    ['ghcr.io/acme/shop:{commit:8}', 'ghcr.io/acme/shop:1a2b3c4d'],
    ['ghcr.io/acme/shop:{commit:4000}', `ghcr.io/acme/shop:${VALUES.commit}`],
    ['ghcr.io/acme/shop:{branch}', 'ghcr.io/acme/shop:feature-Login_2.0'],
    ['ghcr.io/acme/shop:{ref_slug}', 'ghcr.io/acme/shop:feature-login-2-0'],
    ['ghcr.io/acme/shop:pr-{pull_request}', 'ghcr.io/acme/shop:pr-42'],
    ['ghcr.io/acme/shop:{build_id}', 'ghcr.io/acme/shop:17283940561'],
    ['ghcr.io/acme/shop:{build_number}.{attempt}', 'ghcr.io/acme/shop:815.2'],
    ['localhost:5000/{build_number}/shop:v1', 'localhost:5000/815/shop:v1'],
    ['myregistry:{branch}', 'myregistry:feature-Login_2.0'],
    ['nginx:1.29', 'nginx:1.29'],
  ])('%s gives %s', (template, reference) => {
    expect(render(template)).toBe(reference);
  });

  it('says what to pass when a template wants a pull request and none was given', () => {
    const template = parseImageTemplate('ghcr.io/acme/shop:pr-{pull_request}');
    const { pullRequest: _, ...values } = VALUES;
    expect(() => renderImageTemplate(template, values)).toThrow(
      new MissingParameter(
        '{pull_request} needs the parameter number; pass number: "{{ .number }}" on to the plugin',
      ),
    );
  });

  it('refuses a branch of which no slug is left, since it would share its tag with others', () => {
    expect(() => render('ghcr.io/acme/shop:pr-{ref_slug}', { branch: '日本' })).toThrow(TemplateError);
  });
});

/** Figures of docker/metadata-action's documentation and sources (`sanitizeTag`), and of GitLab's CI variables. */
describe('branches as pipelines write them into tags', () => {
  it.each([
    ['main', 'main'],
    ['my/branch', 'my-branch'],
    ['feature//x', 'feature-x'],
    ['dependabot/npm_and_yarn/@types/node-24.1', 'dependabot-npm_and_yarn-types-node-24.1'],
    ['KEEP/Case', 'KEEP-Case'],
    ['a b+c#d', 'a-b-c-d'],
    ['größe', 'gr-e'],
    ['wip/🚀🚀', 'wip-'],
  ])('{branch} of %s is %s, as docker/metadata-action has it', (branch, tag) => {
    expect(render('x:{branch}', { branch })).toBe(`x:${tag}`);
  });

  it.each([
    ['main', 'main'],
    ['feature/Login_2.0', 'feature-login-2-0'],
    ['feature//x', 'feature--x'],
    ['_private_', 'private'],
    ['größe', 'gr--e'],
    ['fix-🚀-now', 'fix---now'],
    ['a'.repeat(80), 'a'.repeat(63)],
    [`${'a'.repeat(62)}/b`, 'a'.repeat(62)],
  ])('{ref_slug} of %s is %s, as GitLab has it', (branch, slug) => {
    expect(render('x:{ref_slug}', { branch })).toBe(`x:${slug}`);
  });

  it('any branch gives only characters that a tag may hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }), (branch) => {
        expect(render('x:{branch}', { branch })).toMatch(/^x:[A-Za-z0-9._-]+$/);
      }),
    );
  });

  it('any branch gives a slug of at most 63 characters without a dash at its edges, or is refused', () => {
    const branches = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }),
      fc.string({
        unit: fc.constantFrom('a', 'Z', '0', '/', '-', '_', 'ß', '🚀'),
        minLength: 1,
        maxLength: 80,
      }),
    );
    fc.assert(
      fc.property(branches, (branch) => {
        const rendered = attempt(() => render('x:{ref_slug}', { branch }));
        expect(rendered).toMatch(/^(?:x:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|refused)$/);
      }),
    );
  });

  it('no branch changes the registry or the repository', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.constantFrom('branch', 'ref_slug'), (branch, variable) => {
        const rendered = render(`ghcr.io/acme/shop:x{${variable}}`, { branch });
        expect(rendered.slice('ghcr.io/acme/shop:'.length)).not.toMatch(/[/:@]/);
        expect(rendered.startsWith('ghcr.io/acme/shop:')).toBe(true);
      }),
    );
  });
});

/** @returns what `act` returns, or `refused` when it throws a TemplateError */
function attempt(act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof TemplateError) return 'refused';
    throw error;
  }
}

describe('immutability', () => {
  it.each([
    ['ghcr.io/acme/shop:{commit}', true],
    ['ghcr.io/acme/shop:sha-{commit:7}', true],
    ['ghcr.io/acme/shop:sha-{commit:6}', false],
    ['ghcr.io/acme/shop:{branch}-{commit:12}', true],
    ['ghcr.io/acme/shop:{build_id}', true],
    ['ghcr.io/acme/shop:{build_id:4}', false],
    ['ghcr.io/acme/shop:{build_number}', false],
    ['ghcr.io/acme/shop:{branch}', false],
    ['ghcr.io/acme/shop:{ref_slug}', false],
    ['ghcr.io/acme/shop:pr-{pull_request}', false],
    ['ghcr.io/acme/{commit}:latest', false],
    ['ghcr.io/acme/shop:latest', false],
    ['localhost:5000/{commit}/x:latest', false],
  ])('the tag of %s can only mean one build: %s', (template, immutable) => {
    expect(parseImageTemplate(template).immutable).toBe(immutable);
  });
});

function unknown(expression: string): string {
  return `{${expression}} is not known; expected one of {commit}, {branch}, {ref_slug}, {pull_request}, {build_id}, {build_number}, {attempt}, or with a length, {commit:7}`;
}

describe('the repository', () => {
  it.each([
    ['ghcr.io/acme/shop:sha-{commit:7}', 'ghcr.io/acme/shop'],
    ['localhost:5000/shop:{branch}', 'localhost:5000/shop'],
    ['localhost:5000/{branch:9}/x-{commit:7}:v{attempt}', 'localhost:5000/{branch:9}/x-{commit:7}'],
    ['myregistry:{branch}', 'myregistry'],
  ])('of %s is %s', (template, repository) => {
    expect(parseImageTemplate(template).repository).toBe(repository);
  });
});

describe('templates that are refused', () => {
  const noTag = 'the tag is missing; expected REGISTRY/PATH:TAG, for example ghcr.io/acme/shop:sha-{commit}';
  it.each([
    ['ghcr.io/acme/shop:{sha}', unknown('sha')],
    ['ghcr.io/acme/shop:{Commit}', unknown('Commit')],
    ['ghcr.io/acme/shop:{commit:0}', unknown('commit:0')],
    ['ghcr.io/acme/shop:{commit:x}', unknown('commit:x')],
    ['ghcr.io/acme/shop:{+branch}', unknown('+branch')],
    ['ghcr.io/acme/shop:{}', unknown('')],
    ['ghcr.io/acme/shop:{commit', 'a brace is not closed or not opened in "ghcr.io/acme/shop:{commit"'],
    ['ghcr.io/acme/shop:commit}', 'a brace is not closed or not opened in "ghcr.io/acme/shop:commit}"'],
    ['ghcr.io/acme/shop:{{ .commit }}', 'a brace is not closed or not opened in "ghcr.io/acme/shop:{"'],
    ['ghcr.io/acme/shop', noTag],
    ['localhost:5000/shop', noTag],
    ['localhost:5000/shop-{branch}', noTag],
    ['', noTag],
    ['{branch}', noTag],
    ['ghcr.io/shop:{branch}/x', noTag],
    ['{branch}/shop:1', `the registry's host must be written out, found "{branch}"`],
    ['x{build_id}.io:5000/shop:1', `the registry's host must be written out, found "x{build_id}.io:5000"`],
    ['ghcr.io/shop@sha256:00', 'found a digest, which Greenpin resolves itself; expected REGISTRY/PATH:TAG'],
  ])('%s', (template, message) => {
    expect(() => parseImageTemplate(template)).toThrow(new TemplateError(message));
  });

  it('any text is parsed, or refused with a TemplateError', () => {
    const pieces = fc.constantFrom('{', '}', '{commit}', '{branch:3}', ':', '/', '@', 'ghcr.io', 'a', '\n');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
        const text = list.join('');
        expect(attempt(() => parseImageTemplate(text).text)).toBeOneOf([text, 'refused']);
      }),
    );
  });
});
