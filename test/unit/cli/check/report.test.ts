import { expect, test } from 'vitest';
import type { Finding } from '../../../../src/cli/check/findings.ts';
import { formatFindings } from '../../../../src/cli/check/report.ts';
import type { Colors } from '../../../../src/cli/terminal/colors.ts';

const plain: Colors = (_format, text) => text;
const OK: Finding = { level: 'ok', subject: 'ci github', target: 'acme/shop', detail: 'sees it' };
const LONG =
  'a reason that says at length what went wrong, where it went wrong, and when it may be right again';

test('findings are a table with a summary; what is long has lines of its own, and a hint always has', () => {
  const findings: Finding[] = [
    OK,
    { level: 'failed', subject: 'registry', target: 'ghcr.io/acme/front', detail: LONG, hint: LONG },
    { level: 'warning', subject: 'tag', target: 'x', detail: 'it can move', hint: 'hold it' },
  ];
  expect(formatFindings(findings, plain)).toBe(
    `ok       ci github  acme/shop           sees it
failed   registry   ghcr.io/acme/front
         a reason that says at length what went wrong, where it went wrong, and when it may be right
         again
         hint: a reason that says at length what went wrong, where it went wrong, and when it may be
         right again
warning  tag        x                   it can move
         hint: hold it

1 ok, 1 warning, 1 failed`,
  );
});

test('no line is longer than 100 characters, unless a word is', () => {
  const target = `registry.example.com/${'deep/'.repeat(30)}front`;
  const text = formatFindings([OK, { ...OK, target, detail: LONG, hint: LONG }], plain);
  const tooLong = text.split('\n').filter((line) => line.length > 100);
  expect(tooLong).toEqual([expect.stringContaining(target)]);
  expect(text.split('\n')[0]).toBe('ok  ci github  acme/shop  sees it');
});

test('on a terminal of 80 columns nothing is torn: a target that is long goes below', () => {
  const target = `ghcr.io/acme/${'deep/'.repeat(10)}front`;
  const text = formatFindings([OK, { ...OK, subject: 'registry', target, detail: LONG }], plain, 80);
  expect(text).toBe(`ok  ci github  acme/shop  sees it
ok  registry
         ${target}
         a reason that says at length what went wrong, where it went wrong, and
         when it may be right again

2 ok, 0 warnings, 0 failed`);
});

test('what comes from outside cannot steer the terminal, or add a line that looks like a finding', () => {
  const detail = 'bad\nok  registry  all is well\u001b[2J';
  const text = formatFindings([{ ...OK, detail, target: 'a\rb', hint: 'c\u009bd' }], plain);
  expect(text.split('\n').slice(0, -2)).toHaveLength(2);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('only the level is coloured, so that columns stay aligned', () => {
  const text = formatFindings([{ ...OK, level: 'failed' }], (format, word) => `<${format}>${word}</>`);
  expect(text.split('\n')[0]).toBe('<red>failed</>  ci github  acme/shop  sees it');
});

test('the summary counts', () => {
  const findings: Finding[] = [OK, OK, { ...OK, level: 'warning' }, { ...OK, level: 'warning' }];
  expect(formatFindings(findings, plain)).toMatch(/\n\n2 ok, 2 warnings, 0 failed$/);
});
