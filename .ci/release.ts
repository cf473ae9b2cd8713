/**
 * Used by the release workflow. Runs without node_modules.
 *
 *     node .ci/release.ts outputs v1.2.3          version, image tags and so on, as lines for GITHUB_OUTPUT
 *     node .ci/release.ts notes v1.2.3 sha256:… 'BASE@sha256:… …'
 *                                                 the release notes; the last argument lists the base images
 *
 * Both exit with status 1 and one line per problem if the checkout does not match the tag. `outputs` reads
 * all tags of the repository, so that `latest` and `1.2` never move to an older version.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The texts of the files. */
export interface ReleaseFiles {
  readonly packageJson: string;
  readonly packageLock: string;
  readonly chart: string;
  readonly changelog: string;
}

export interface Release {
  readonly version: string;
  readonly prerelease: boolean;
  /** References of the image. */
  readonly tags: readonly string[];
  /** The changelog's entry, without its heading. */
  readonly notes: string;
}

const IMAGE = 'ghcr.io/greenpin/greenpin';
const CHART = 'oci://ghcr.io/greenpin/charts/greenpin';

/** As in https://semver.org, without build metadata, which an image tag cannot contain. */
const VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?<pre>-(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*)?$/;

/**
 * @param tag Git tag: `v1.2.3`, or `v1.2.3-rc.1` for a pre-release
 * @param released every tag of the repository
 * @throws AggregateError with every mismatch
 */
export function readRelease(tag: string, files: ReleaseFiles, released: readonly string[] = []): Release {
  const version = tag.replace(/^v/, '');
  const match = VERSION.exec(version);
  if (!tag.startsWith('v') || match === null) throw problems([`found the tag ${tag}, expected v1.2.3`]);
  const entry = findEntry(files.changelog, version);
  const wrong = [
    ...versionsOf(files).flatMap(([where, found]) =>
      found === version ? [] : [`${where}: found ${found ?? 'none'}, expected ${version}`],
    ),
    ...describeEntry(entry, version),
  ];
  if (wrong.length > 0 || entry === undefined) throw problems(wrong);
  const prerelease = match.groups?.['pre'] !== undefined;
  const tags = prerelease ? [version] : [version, ...followedTags(version, released)];
  return { version, prerelease, tags: tags.map((each) => `${IMAGE}:${each}`), notes: entry.text };
}

/**
 * The tags that move to this version: `1.2` to the newest patch of that minor, `latest` to the newest version
 * of all.
 */
function followedTags(version: string, released: readonly string[]): string[] {
  const minor = version.split('.').slice(0, 2).join('.');
  const others = released
    .filter((tag) => tag.startsWith('v'))
    .map((tag) => tag.slice(1))
    .filter((other) => VERSION.test(other) && !other.includes('-'));
  const isNewest = (among: readonly string[]) => among.every((other) => compareVersions(version, other) >= 0);
  return [
    ...(isNewest(others.filter((other) => other.startsWith(`${minor}.`))) ? [minor] : []),
    ...(isNewest(others) ? ['latest'] : []),
  ];
}

/** Compares versions that are not pre-releases. */
function compareVersions(one: string, two: string): number {
  return one.localeCompare(two, 'en', { numeric: true });
}

function problems(messages: readonly string[]): AggregateError {
  return new AggregateError(
    messages.map((message) => new Error(message)),
    messages.join('\n'),
  );
}

/** @returns each place of a version in the checkout, with the version */
export function versionsOf({
  packageJson,
  packageLock,
  chart,
}: ReleaseFiles): readonly (readonly [string, string | undefined])[] {
  return [
    ['package.json version', versionIn(packageJson)],
    ['package-lock.json version', versionIn(packageLock)],
    ['charts/greenpin/Chart.yaml version', /^version: *["']?([^\s"']+)/m.exec(chart)?.[1]],
    ['charts/greenpin/Chart.yaml appVersion', /^appVersion: *["']?([^\s"']+)/m.exec(chart)?.[1]],
  ];
}

function versionIn(text: string): string | undefined {
  return (JSON.parse(text) as { version?: string }).version;
}

export interface Entry {
  /** `2026-01-02`, or `Unreleased`. */
  readonly date: string;
  readonly text: string;
}

/** @returns the entry `## [VERSION] - DATE` of a changelog in the format of https://keepachangelog.com */
export function findEntry(changelog: string, version: string): Entry | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  for (const section of sections) {
    const [, found, date = ''] = /^\[([^\]]+)\](?: - (\S+))?/.exec(section) ?? [];
    const body = section.slice(section.indexOf('\n') + 1);
    const text = body.replaceAll(/^\[[^\]]+\]: \S+$/gm, '').trim();
    if (found === version) return { date, text };
  }
  return undefined;
}

function describeEntry(entry: Entry | undefined, version: string): string[] {
  if (entry === undefined) return [`CHANGELOG.md: found no entry "## [${version}] - DATE"`];
  const { date, text } = entry;
  return [
    ...(/^\d{4}-\d{2}-\d{2}$/.test(date)
      ? []
      : [`CHANGELOG.md: found "${date}" as the date of ${version}, expected one like 2026-01-02`]),
    ...(text === '' ? [`CHANGELOG.md: found nothing in the entry of ${version}`] : []),
  ];
}

/**
 * @param digest digest of the image
 * @param bases base images, each as `NAME:TAG@sha256:...`
 */
export function formatNotes({ version, notes }: Release, digest: string, bases: readonly string[]): string {
  const wrong = [
    ...(/^sha256:[0-9a-f]{64}$/.test(digest) ? [] : [`found "${digest}", expected the image's digest`]),
    ...(bases.length > 0 ? [] : ['found no base image, expected those that the image was built from']),
    ...bases
      .filter((base) => !/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(base))
      .map((base) => `found "${base}", expected a base image with its digest`),
  ];
  if (wrong.length > 0) throw problems(wrong);
  return `${notes}

## Artifacts

- Image: \`${IMAGE}:${version}@${digest}\` (linux/amd64, linux/arm64)
- Chart: \`helm install greenpin ${CHART} --version ${version}\`
- Built from: ${bases.map((base) => `\`${base}\``).join(', ')}

Both are signed; [SECURITY.md](https://github.com/greenpin/greenpin/blob/v${version}/SECURITY.md#verify-a-release) describes how to verify them.
`;
}

export function formatOutputs({ version, prerelease, tags }: Release): string {
  return `version=${version}\nprerelease=${prerelease}\ntags=${tags.join(',')}\n`;
}

/** @param root URL of the checkout */
export function readReleaseFiles(root: URL): ReleaseFiles {
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
  return {
    packageJson: read('package.json'),
    packageLock: read('package-lock.json'),
    chart: read('charts/greenpin/Chart.yaml'),
    changelog: read('CHANGELOG.md'),
  };
}

/** Reads the tags from the remote, because CI's checkout has only the pushed one. */
function readTags(root: URL): string[] {
  const command = ['ls-remote', '--tags', '--refs', 'origin'];
  const { status, stdout, stderr } = spawnSync('git', command, {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
  });
  if (status !== 0) throw problems([`git ${command.join(' ')}: ${stderr.split('\n', 1)[0]}`]);
  return [...stdout.matchAll(/\trefs\/tags\/(\S+)$/gm)].map(([, name = '']) => name);
}

function main([command, tag = '', digest = '', bases = '']: readonly string[]): string {
  const root = new URL('../', import.meta.url);
  const release = readRelease(tag, readReleaseFiles(root), command === 'outputs' ? readTags(root) : []);
  if (command === 'outputs') return formatOutputs(release);
  if (command === 'notes') return formatNotes(release, digest, bases.split(/\s+/).filter(Boolean));
  throw problems(['usage: node .ci/release.ts outputs|notes TAG [DIGEST BASES]']);
}

if (import.meta.main) {
  try {
    process.stdout.write(main(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
