import { anything, assert, oneof, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/errors.ts';
import { parseGetParams } from '../../../../src/wire/argocd/request.ts';
import { project, projects } from '../../../fixtures/http/test-app.ts';

const ONE = projects('shop');
const TWO = projects('shop', 'blog');
const SHA1 = '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d';
const SHA256 = `${SHA1}${SHA1.slice(0, 24)}`;

function parse(parameters: unknown, known = ONE) {
  return parseGetParams({ applicationSetName: 'previews', input: { parameters } }, known);
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'invalid_request') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

function branchOrRefusal(parameters: unknown): string {
  try {
    return `branch ${parse(parameters).branch}`;
  } catch {
    return refusal(() => parse(parameters));
  }
}

describe('what is accepted', () => {
  it('takes a branch alone when there is one project', () => {
    expect(parse({ branch: 'feature/x' })).toEqual({ project: project('shop'), branch: 'feature/x' });
  });

  it('takes every parameter of the pullRequest generator, and lower-cases the commit', () => {
    const parameters = {
      branch: 'feature/x',
      project: 'blog',
      head_sha: SHA1.toUpperCase(),
      number: '42',
      target_branch: 'main',
    };
    expect(parse(parameters, TWO)).toEqual({
      project: project('blog'),
      branch: 'feature/x',
      headSha: SHA1,
      number: '42',
      targetBranch: 'main',
    });
  });

  it.each([
    ['refs/heads/main', 'main'],
    ['', undefined],
    ['{{ .target_branch }}', undefined],
    ['x'.repeat(256), undefined],
  ])('takes the target branch %j as %j: an odd one is none, not an error', (target_branch, expected) => {
    expect(parse({ branch: 'b', target_branch }).targetBranch).toBe(expected);
  });

  it('ignores what it does not know, of any type', () => {
    const parameters = {
      branch: 'b',
      values: { a: [1, null] },
      labels: ['x'],
      title: 5,
    };
    expect(parse(parameters)).toEqual({ project: project('shop'), branch: 'b' });
  });

  it.each([undefined, null, ''])('takes %j for an optional parameter as not given', (nothing) => {
    const parameters = {
      branch: 'b',
      project: nothing,
      head_sha: nothing,
      number: nothing,
      target_branch: nothing,
    };
    expect(parse(parameters)).toEqual({ project: project('shop'), branch: 'b' });
  });

  it.each([
    ['1', '1'],
    ['0042', '42'],
    [7, '7'],
    [9007199254740991, '9007199254740991'],
    ['9007199254740991', '9007199254740991'],
  ])('takes the number %j as %j', (given, expected) => {
    expect(parse({ branch: 'b', number: given }).number).toBe(expected);
  });

  it('takes a commit of a SHA-256 repository', () => {
    expect(parse({ branch: 'b', head_sha: SHA256 }).headSha).toBe(SHA256);
  });

  it.each([12, 13, 39])('takes the first %i digits of a commit, as Bitbucket Cloud gives them', (digits) => {
    const headSha = SHA1.slice(0, digits);
    expect(parse({ branch: 'b', head_sha: headSha.toUpperCase() }).headSha).toBe(headSha);
  });

  it('counts the characters of a branch, not its UTF-16 units', () => {
    const branch = '🌱'.repeat(255);
    expect(parse({ branch }).branch).toBe(branch);
    expect(refusal(() => parse({ branch: `${branch}x` }))).toContain('at most 255 characters');
  });
});

describe('the name of a branch is no mistake, however odd', () => {
  it.each([
    '#123-fix',
    '日本語',
    'x'.repeat(130),
    '@scope/x',
    '@',
    '-x',
    '"quoted"',
    "it's",
    '"><script>alert(1)</script>',
    '🌱',
    'a\u{85}b',
    '\u{9b}31m',
    'a\u{ad}b',
    '\u{202e}gpj',
    '\u{feff}b',
    'a\u{a0}b',
    'a\u{3000}b',
    'a\u{2028}b',
    '$(reboot)',
    '%0a',
    '%7B%7B',
    '`x`',
    'feat/{x}',
    'feat/{{x}}',
    '{{x}}/y',
    '{x}',
    '{{}',
    '{{a}}',
    '{{branch}}',
    '{{.branch}}',
    '{{values.branch}}',
    '<no-value>',
    '__proto__',
    'null',
    'refs/tags/v1',
    'heads/x',
    'origin/x',
  ])('%j', (branch) => {
    expect(parse({ branch }).branch).toBe(branch);
  });

  it.each([
    ['refs/heads/x', 'x'],
    ['refs/heads/feature/x', 'feature/x'],
    ['refs/heads/refs/heads/x', 'refs/heads/x'],
    [`refs/heads/${'x'.repeat(255)}`, 'x'.repeat(255)],
    ['refs/headsx', 'refs/headsx'],
    ['REFS/HEADS/x', 'REFS/HEADS/x'],
  ])('%s is the branch %s', (given, expected) => {
    expect(parse({ branch: given }).branch).toBe(expected);
  });
});

describe('a template that Argo CD has not filled in', () => {
  const NOT_GIVEN = 'no generator before the plugin provides it';

  it.each(['branch', 'project', 'head_sha', 'number'])(
    'is refused as %s, and told with both of its causes',
    (name) => {
      expect(refusal(() => parse({ branch: 'b', [name]: '{{ .x }}' }))).toBe(
        `Invalid request: ${name} is "{{ .x }}", an unfilled template: goTemplate: true is missing, or ${NOT_GIVEN}`,
      );
    },
  );

  it.each(['{{ branch }}', ' {{branch}}', '{{ values.branch }}', '<no value>', 'x-<no value>', 'x/{{ y }}'])(
    'that asks for what no generator gives (%s) is told as such',
    (branch) => {
      expect(refusal(() => parse({ branch }))).toBe(
        `Invalid request: branch is "${branch}", an unfilled template: ${NOT_GIVEN}`,
      );
    },
  );

  it.each(['project', 'head_sha', 'number'])('is known without spaces, too, as %s', (name) => {
    expect(refusal(() => parse({ branch: 'b', [name]: '{{.x}}' }))).toContain(
      `${name} is "{{.x}}", an unfilled template: goTemplate: true is missing, or `,
    );
  });

  it('is told with its most frequent cause, even if all parameters are templates', () => {
    const names = ['branch', 'head_sha', 'number'];
    const parameters = Object.fromEntries(names.map((name) => [name, `{{ .${name} }}`]));
    const causes = refusal(() => parse(parameters)).split(
      'an unfilled template: goTemplate: true is missing',
    );
    expect(causes).toHaveLength(names.length + 1);
  });

  it('does not matter where it is not used', () => {
    expect(parse({ branch: 'b', target_branch: '{{ .target_branch }}', title: '{{ .title }}' }).branch).toBe(
      'b',
    );
  });
});

describe('what is refused', () => {
  it.each([
    ['no input', { applicationSetName: 'a' }],
    ['an input of null', { input: null }],
    ['no parameters', { input: {} }],
    ['parameters of null', { input: { parameters: null } }],
    ['no branch', { input: { parameters: {} } }],
    ['a branch of null', { input: { parameters: { branch: null } } }],
    ['an empty branch', { input: { parameters: { branch: '' } } }],
  ])('%s: the message names branch and how to pass it', (_case, given) => {
    expect(refusal(() => parseGetParams(given, ONE))).toBe(
      'Invalid request: branch is missing or empty (pass branch: "{{ .branch }}" in input.parameters)',
    );
  });

  it.each([
    [null, 'the body must be a JSON object, found null'],
    [[], 'the body must be a JSON object, found a list'],
    ['x', 'the body must be a JSON object, found "x"'],
    [{ input: 5 }, 'input must be an object, found 5'],
    [{ input: [] }, 'input must be an object, found a list'],
    [{ input: { parameters: 'x' } }, 'input.parameters must be an object, found "x"'],
    [{ input: { parameters: [{}] } }, 'input.parameters must be an object, found a list'],
  ])('a body of another shape: %j', (given, expected) => {
    expect(refusal(() => parseGetParams(given, ONE))).toBe(`Invalid request: ${expected}`);
  });

  it.each(['\n', '\t', '\r', '\0', '\u{1b}', '\u{7f}'])(
    'a branch with what Git allows in none: %j',
    (character) => {
      for (const branch of [`a${character}b`, character, `${character}b`, `refs/heads/b${character}`])
        expect(refusal(() => parse({ branch }))).toContain('not contain control characters');
    },
  );

  it('a branch of which only refs/heads/ is given', () => {
    expect(refusal(() => parse({ branch: 'refs/heads/' }))).toBe(
      'Invalid request: branch is "refs/heads/" without a name',
    );
  });

  it.each(['\u{d800}', '\u{dfff}x'])('a branch with a lone surrogate, %j', (branch) => {
    expect(refusal(() => parse({ branch }))).toContain('not contain lone surrogates');
  });

  it.each([[5], [true], [['b']], [{ a: 1 }]])('a branch that is no string: %j', (branch) => {
    expect(refusal(() => parse({ branch }))).toContain('branch must be a string, found ');
  });

  it.each([
    'abc',
    SHA1.slice(0, 11),
    `${SHA1}0`,
    SHA256.slice(1),
    `${SHA256}0`,
    `${SHA1.slice(1)}g`,
    ` ${SHA1}`,
    `${SHA1.slice(0, 12)}\n`,
    5,
    123456789012,
  ])('the commit %j', (headSha) => {
    expect(refusal(() => parse({ branch: 'b', head_sha: headSha }))).toContain(
      'head_sha must be a commit of 40 or 64 hex digits, or at least its first 12, found ',
    );
  });

  it.each([
    0,
    -1,
    1.5,
    9007199254740992,
    '0',
    '000',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '9007199254740993',
    true,
    [['1']],
  ])('the number %j', (number) => {
    expect(refusal(() => parse({ branch: 'b', number }))).toContain('number must be a positive integer');
  });

  it('a target branch that is no string', () => {
    expect(refusal(() => parse({ branch: 'b', target_branch: 5 }))).toContain(
      'target_branch must be a string, found 5',
    );
  });

  it('a project that is left out, when there are several', () => {
    expect(refusal(() => parse({ branch: 'b' }, TWO))).toBe(
      'Invalid request: project is missing; expected one of "shop", "blog"',
    );
  });

  it('a project that is not configured, and lists those that are', () => {
    expect(refusal(() => parse({ branch: 'b', project: 'ship' }, TWO))).toBe(
      'Invalid request: project "ship" is not configured; expected one of "shop", "blog"',
    );
  });

  it('a project that is no string', () => {
    expect(refusal(() => parse({ branch: 'b', project: {} }, TWO))).toContain(
      'project must be a string, found an object',
    );
  });

  it('lists at most twenty projects', () => {
    const many = projects(...Array.from({ length: 23 }, (_, index) => `p${index}`));
    const message = refusal(() => parse({ branch: 'b' }, many));
    expect(message).toContain('"p19" and 3 more');
    expect(message).not.toContain('"p20"');
  });
});

describe('the message', () => {
  const LONG = 'x'.repeat(10_000);
  const MANY = projects(...Array.from({ length: 500 }, (_, index) => `project-of-a-long-name-${index}`));

  it('names every problem', () => {
    const parameters = { branch: 5, project: 'ship', head_sha: 'x', number: '0', target_branch: 1 };
    const message = refusal(() => parse(parameters, TWO));
    for (const name of ['branch', 'project', 'head_sha', 'number', 'target_branch']) {
      expect(message).toMatch(new RegExp(`[:;] ${name} `));
    }
  });

  it.each([
    ['long values', LONG],
    ['values that are escaped', '\u{202e}'.repeat(300)],
    ['quotes', '"\\'.repeat(200)],
    ['characters of two units', '🌱 '.repeat(200)],
    ['templates', `{{ .${LONG} }}`],
    ['lists', [LONG]],
    ['numbers', 5.5],
  ])('has at most 300 characters, and names every problem: %s', (_case, value) => {
    const names = ['branch', 'project', 'head_sha', 'number', 'target_branch'];
    const parameters = Object.fromEntries(names.map((name) => [name, value]));
    for (const known of [TWO, MANY]) {
      const message = refusal(() => parse({ ...parameters, target_branch: 5 }, known));
      expect(message.length).toBeLessThanOrEqual(300);
      expect(message.isWellFormed()).toBe(true);
      for (const name of names) expect(message).toMatch(new RegExp(`[:;] ${name} `));
    }
  });

  it('says of many projects how many there are more', () => {
    expect(refusal(() => parse({ branch: 'b', project: LONG }, MANY))).toMatch(
      /^Invalid request: project "x{60}…" is not configured; expected one of "project-[^…]* and \d+ more$/,
    );
  });

  it('shows at most sixty characters of a value, and none that would move the text about', () => {
    const message = refusal(() => parse({ branch: 'b', head_sha: `"\u{202e}\u{9b}${'x'.repeat(100)}` }));
    expect(message).toContain(`found "\\"\\u202e\\u009b${'x'.repeat(57)}…"`);
  });

  it('shows fewer characters where they are escaped, and none by half', () => {
    const escaped = refusal(() => parse({ branch: 'b', head_sha: '\u{202e}'.repeat(60) }));
    expect(escaped).toMatch(/found "(?:\\u202e){15}…"$/);
    const wide = refusal(() => parse({ branch: 'b', head_sha: '🌱'.repeat(60) }));
    expect(wide).toContain(`found "${'🌱'.repeat(45)}…"`);
  });
});

it('either answers a checked question or refuses with one stable line, whatever it is given', () => {
  assert(
    property(
      oneof(
        anything(),
        record(
          {
            branch: anything(),
            project: anything(),
            head_sha: anything(),
            number: anything(),
            target_branch: anything(),
          },
          { requiredKeys: [] },
        ),
        record({ branch: string({ unit: 'binary' }) }),
      ),
      (parameters) => {
        const outcome = branchOrRefusal(parameters);
        expect(outcome).toMatch(
          /^(?:Invalid request: [^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,283}|branch [^\0-\x20\x7f]{1,255})$/u,
        );
        expect(branchOrRefusal(parameters)).toBe(outcome);
      },
    ),
  );
});

describe('a project with builds: registry', () => {
  const known = new Map([['shop', { ...project('shop'), builds: 'registry' as const }]]);

  it.each([SHA1, SHA256])('takes the whole commit %s', (head_sha) => {
    expect(parse({ branch: 'b', head_sha }, known).headSha).toBe(head_sha);
  });

  it.each([
    [
      undefined,
      'head_sha is missing, and project shop needs it (builds: registry); pass head_sha: "{{ .head_sha }}" on',
    ],
    [
      SHA1.slice(0, 12),
      'head_sha must be a whole commit for project shop (builds: registry), found "1a2b3c4d5e6f"',
    ],
    ['x', 'head_sha must be a commit of 40 or 64 hex digits, or at least the first 12, found "x"'],
  ])('refuses the head %j', (head_sha, problem) => {
    const message = refusal(() => parse({ branch: 'b', head_sha }, known));
    expect(message.match(/head_sha (?:is|must)/g)).toHaveLength(1);
    expect(message).toContain(problem.slice(0, 60));
  });
});
