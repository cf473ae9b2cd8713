/** Requests as Argo CD, its documentation's curl and people's templates send them. */
import { describe, expect, it } from 'vitest';
import { createPluginHarness } from '../fixtures/plugin/harness.ts';

const BODY = '{"applicationSetName":"previews","input":{"parameters":{"branch":"feature"}}}';

describe('a call is answered', () => {
  it.each([
    ['a JSON content type', { 'content-type': 'application/json' }],
    ['the form content type of curl -d', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text/plain', { 'content-type': 'text/plain;charset=UTF-8' }],
    ['a content type that is none', { 'content-type': '%%%' }],
    ['no content type', {}],
  ])('with %s', async (_what, headers: Readonly<Record<string, string>>) => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    expect(await harness.post(BODY, headers)).toMatchObject({ status: 200, answer: pinned });
  });

  it('with values of any JSON type in parameters of the users own', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    const own = {
      labels: ['preview', 1],
      nested: { 'deep.er': { list: [[], {}] } },
      number_of_pods: 1.5,
      big: 9999999999,
      flag: false,
      none: null,
      text: '\u0000 {{ .branch }} 日本',
      values: { images: 'no' },
      ['__proto__']: { branch: 'other' },
      constructor: 'x',
    };
    expect(await harness.ask(own)).toMatchObject({ status: 200, answer: pinned });
  });

  it.each([
    { number: 7, what: 'a number' },
    { number: '7', what: 'digits' },
    { number: '', what: 'empty' },
    { number: null, what: 'null' },
  ])('with all that the pullRequest generator knows, the number being $what', async ({ number }) => {
    await using harness = await createPluginHarness();
    const { commit, pinned } = harness.build('feature');
    const parameters = {
      number,
      title: 'A feature',
      branch_slug: 'feature',
      target_branch: 'main',
      target_branch_slug: 'main',
      head_sha: commit,
      head_short_sha: commit.slice(0, 8),
      author: 'somebody',
      labels: ['preview'],
    };
    expect(await harness.ask(parameters)).toMatchObject({ status: 200, answer: pinned });
  });
});

describe("a branch's name is never a mistake of the caller", () => {
  const names = [
    '#123-fix',
    '日本語',
    'x'.repeat(130),
    '@scope/x',
    '{{a}}',
    '{{.branch}}',
    'a\u{85}b',
    '"><script>',
    "it's-🌱",
    'a&b=c%20d+e',
  ];

  it.each(names)('%j is answered with what it may run', async (branch) => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build(branch);
    expect(await harness.ask({ branch })).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
  });

  it.each(names)('%j without a build is answered with nothing', async (branch) => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    expect(await harness.ask({ branch })).toMatchObject({ status: 200, answer: 'nothing' });
  });

  it('refs/heads/feature is the branch feature', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    expect(await harness.ask({ branch: 'refs/heads/feature' })).toMatchObject({
      status: 200,
      answer: pinned,
    });
  });

  it.each(['{{ .branch }}', '<no value>', 'a\tb', 'refs/heads/'])(
    'what Git allows in no name is one: %j',
    async (branch) => {
      await using harness = await createPluginHarness();
      harness.build('feature');
      const reply = await harness.ask({ branch });
      expect(reply).toMatchObject({ status: 400, answer: { error: 'invalid_request' } });
      expect(harness.github.requests).toEqual([]);
    },
  );
});

describe('a call without a branch is an invalid request, never an empty list', () => {
  it.each([
    ['parameters are null', '{"applicationSetName":"previews","input":{"parameters":null}}'],
    ['parameters are missing', '{"applicationSetName":"previews","input":{}}'],
    ['input is null', '{"input":null}'],
    ['input is missing', '{"applicationSetName":"previews"}'],
    ['branch is null', '{"input":{"parameters":{"branch":null}}}'],
    ['branch is empty', '{"input":{"parameters":{"branch":""}}}'],
    ['branch is a number', '{"input":{"parameters":{"branch":7}}}'],
    ['the body is a list', '[]'],
    ['the body is null', 'null'],
    ['the body is empty', ''],
    ['the body is a form', 'branch=feature'],
  ])('when %s', async (_what, body) => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const reply = await harness.post(body, { 'content-type': 'application/json' });
    expect(reply).toMatchObject({ status: 400, answer: { error: 'invalid_request' } });
    expect((await harness.post(body)).text).toBe(reply.text);
    expect(harness.github.requests).toEqual([]);
  });
});
