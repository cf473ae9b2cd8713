/** `greenpin resolve` for a person: the builds looked at, newest first, and what is answered. Pure. */
import { escapeControl } from '../../text/escape-control.ts';
import type { ResolveReport } from '../../answers/report.ts';
import type { Paint } from '../terminal/color.ts';
import { padTo } from '../terminal/table.ts';

/** Builds that explain nothing more are counted, not listed. */
const MOST_BUILDS = 10;

const MARKS = {
  green: ['green', '✓'],
  running: ['yellow', '…'],
  unsuccessful: ['red', '✗'],
  incomplete: ['yellow', '?'],
} as const;

type BuildReport = ResolveReport['builds'][number];
type ImageReport = NonNullable<BuildReport['images']>[string];
type Answered = Exclude<ResolveReport['answer'], { kind: 'failed' }>;

/**
 * @param notes what to do about it, each a sentence
 * @returns lines, without a newline at the end
 */
export function formatResolveReport(
  given: ResolveReport,
  paint: Paint,
  notes: readonly string[] = [],
): string {
  const report = makeVisible(given);
  const { project, gitRepository, branch, number } = report;
  const pullRequest = number === null ? '' : `, pull request ${number}`;
  return [
    paint('bold', `${project}: ${branch}`) + paint('dim', ` (${gitRepository}${pullRequest})`),
    '',
    ...formatBuilds(report, paint),
    ...formatIgnored(report),
    '',
    ...formatAnswer(report, paint),
    ...notes.map((note) => paint('dim', `  hint: ${escapeControl(note)}`)),
  ].join('\n');
}

function formatBuilds({ builds, answer, ignoredRuns }: ResolveReport, paint: Paint): string[] {
  if (builds.length === 0) {
    if (answer.kind === 'failed') return ['Builds: not known.'];
    const isUnheardOf = answer.freshness === 'fresh' && Object.keys(ignoredRuns).length === 0;
    return [isUnheardOf ? 'Builds: none; CI has no run of this branch.' : 'Builds: none that counts.'];
  }
  const lastExamined = builds.findLastIndex(({ images }) => images !== null);
  const shown = builds.slice(0, Math.max(MOST_BUILDS, lastExamined + 1));
  const width = Math.max(...shown.map(({ number }) => number.length));
  const rest = builds.length - shown.length;
  return [
    'Builds, newest first (times in UTC):',
    ...shown.flatMap((build) => formatBuild(build, answer, width, paint)),
    ...(rest > 0 ? [`  and ${rest} older`] : []),
  ];
}

/** @param numberWidth of the longest number */
function formatBuild(
  build: BuildReport,
  answer: ResolveReport['answer'],
  numberWidth: number,
  paint: Paint,
): string[] {
  const [colour, mark] = MARKS[build.verdict];
  const number = `#${build.number}`.padEnd(numberWidth + 1);
  const images = Object.entries(build.images ?? {});
  const nameWidth = Math.max(0, ...images.map(([name]) => name.length));
  return [
    `  ${paint(colour, mark)} ${build.commit.slice(0, 7)}  ${number}  ${formatTime(build.finishedAt, 16)}  ` +
      `${build.verdict}: ${build.reason}${describeUse(build, answer)}`,
    ...images.flatMap(([name, image]) =>
      hang(`      ${padTo(name, nameWidth)}  `, formatImage(image, paint)),
    ),
  ];
}

/** @returns the lines, the first one after a prefix, the others below it */
function hang(prefix: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? prefix : ' '.repeat(prefix.length)) + line);
}

/** What became of a green build; another verdict says by itself that the build was passed over. */
function describeUse({ commit, verdict, images }: BuildReport, answer: ResolveReport['answer']): string {
  if (answer.kind !== 'failed' && answer.parameters.some(({ build }) => build.commit === commit))
    return '; taken';
  if (verdict !== 'green') return '';
  if (images === null) return '; not looked at';
  const named = (kind: ImageReport['kind']) =>
    Object.entries(images).flatMap(([name, image]) => (image.kind === kind ? [name] : []));
  const failed = [...named('failed'), ...named('invalid')];
  if (failed.length > 0) return `; could not be checked: ${failed.join(', ')}`;
  const absent = named('absent');
  return absent.length > 0 ? `; passed over, it lacks ${absent.join(', ')}` : '; passed over';
}

/** Of an image that is there, the digest has a line of its own: together they are wider than most terminals. */
function formatImage(image: ImageReport, paint: Paint): string[] {
  switch (image.kind) {
    case 'found': {
      const from =
        image.fromCommit === null ? '' : `  from build ${image.fromCommit.slice(0, 7)} (onMissing: previous)`;
      return [`${image.reference}${from}`, paint('dim', image.digest)];
    }
    case 'absent': {
      // Most reasons begin with the reference.
      const reference = image.reason.startsWith(image.reference) ? '' : `${image.reference}  `;
      return [`${reference}${paint('yellow', 'absent')}: ${image.reason}`];
    }
    case 'failed':
      return [`${image.reference}  ${paint('red', 'failed')}: ${image.reason}`];
    case 'invalid':
      return [`${paint('red', 'no valid reference')}: ${image.reason}`];
  }
}

function formatIgnored({ ignoredRuns }: ResolveReport): string[] {
  const reasons = Object.entries(ignoredRuns);
  if (reasons.length === 0) return [];
  return ['Runs that do not count:', ...reasons.map(([reason, count]) => `  ${count} × ${reason}`)];
}

function formatAnswer({ answer, headSha }: ResolveReport, paint: Paint): string[] {
  if (answer.kind === 'failed') return [paint('red', `Answer: ${answer.error}`), `  ${answer.message}`];
  if (answer.kind === 'nothing') return [paint('yellow', 'Answer: nothing to deploy'), `  ${answer.because}`];
  const colour = answer.freshness === 'fresh' ? 'green' : 'yellow';
  const rows = answerRows(answer, headSha);
  const width = Math.max(...rows.map(([key]) => key.length));
  return [
    paint(colour, `Answer, ${answer.freshness}, as of ${formatTime(answer.asOf, 19)} UTC`),
    `  ${answer.because}`,
    ...rows.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
  ];
}

/** The parameter set in short: the build, and the digests; the rest of it follows from them. */
function answerRows({ parameters }: Answered, headSha: string | null): [string, string][] {
  return parameters.flatMap((set) => {
    const { commit, number, url, isHead } = set.build;
    const head: [string, string][] =
      headSha === null ? [] : [['isHead', `${isHead} (head ${headSha.slice(0, 7)})`]];
    const digests = Object.entries(set).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return [['build', `${commit} #${number}`], ['url', url], ...head, ...digests];
  });
}

/** @param length 16 shows minutes, 19 seconds */
function formatTime(rfc3339: string, length: 16 | 19): string {
  return rfc3339.slice(0, length).replace('T', ' ');
}

/** Names and reasons come from outside. */
function makeVisible(report: ResolveReport): ResolveReport {
  const ignored = Object.entries(report.ignoredRuns).map(([reason, count]) => [escapeControl(reason), count]);
  const visible = { ...report, ignoredRuns: Object.fromEntries(ignored) };
  return JSON.parse(JSON.stringify(visible), (_key, value: unknown) =>
    typeof value === 'string' ? escapeControl(value) : value,
  ) as ResolveReport;
}
