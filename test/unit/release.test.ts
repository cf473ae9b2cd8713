/** What a release is made of, and that this checkout could become one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import {
  findEntry,
  formatNotes,
  formatOutputs,
  readRelease,
  readReleaseFiles,
  versionsOf,
  type ReleaseFiles,
} from '../../.ci/release.ts';

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-01-02

### Added

- A thing ([#7](https://example.com/7)).

## [1.2.2] - 2025-12-01

- Another.

[1.2.3]: https://example.com/compare
`;

const FILES: ReleaseFiles = {
  packageJson: '{"name": "greenpin", "version": "1.2.3"}',
  packageLock: '{"name": "greenpin", "version": "1.2.3", "packages": {"": {"version": "0"}}}',
  chart: 'apiVersion: v2\nname: greenpin\nversion: 1.2.3\nappVersion: "1.2.3"\nkubeVersion: ">=1.30"\n',
  changelog: CHANGELOG,
};
const DIGEST = `sha256:${'0a'.repeat(32)}`;
const BASES = ['docker.io/library/node:24-slim', 'gcr.io/distroless/base:nonroot'].map(
  (name) => `${name}@${DIGEST}`,
);

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps?: readonly {
          readonly id?: string;
          readonly run?: string;
          readonly with?: Readonly<Record<string, unknown>>;
        }[];
      }
    >
  >;
}

function at(version: string): ReleaseFiles {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, text]) => [name, text.replaceAll('1.2.3', version)]),
  ) as unknown as ReleaseFiles;
}

/** The image's tags beside the version's own. */
function followers(tag: string, released: readonly string[]): string[] {
  const { tags } = readRelease(tag, at(tag.slice(1)), released);
  return tags.map((each) => each.slice(each.lastIndexOf(':') + 1)).slice(1);
}

describe('a tag', () => {
  it('becomes the version, the minor version and latest', () => {
    expect(formatOutputs(readRelease('v1.2.3', FILES))).toBe(
      'version=1.2.3\nprerelease=false\n' +
        'tags=ghcr.io/greenpin/greenpin:1.2.3,ghcr.io/greenpin/greenpin:1.2,ghcr.io/greenpin/greenpin:latest\n',
    );
  });

  it.each([
    ['the first of all', 'v0.1.0', [], ['0.1', 'latest']],
    ['the newest, itself among the tags', 'v1.10.0', ['v1.9.12', 'v1.10.0'], ['1.10', 'latest']],
    ['the newest patch of an older minor', 'v1.2.10', ['v1.2.9', 'v1.3.0'], ['1.2']],
    ['an older patch of the newest minor', 'v1.2.9', ['v1.2.10', 'v1.1.0'], []],
    ['an older patch of an older minor', 'v1.2.9', ['v1.2.10', 'v2.0.0'], []],
    [
      'the newest beside pre-releases and other tags',
      'v1.2.3',
      ['v1.3.0-rc.1', '2.0.0', 'vnext'],
      ['1.2', 'latest'],
    ],
  ])('of %s never takes what people follow back to an older version', (_, tag, released, wanted) => {
    expect(followers(tag, released)).toEqual(wanted);
  });

  it('of a pre-release becomes nothing that anybody follows', () => {
    expect(formatOutputs(readRelease('v1.3.0-rc.1', at('1.3.0-rc.1')))).toBe(
      'version=1.3.0-rc.1\nprerelease=true\ntags=ghcr.io/greenpin/greenpin:1.3.0-rc.1\n',
    );
  });

  it.each(['1.2.3', 'v1.2', 'v01.2.3', 'v1.2.3+build', 'v1.2.3-', 'v1.2.3\n', 'latest', ''])(
    '%j is refused',
    (tag) => {
      expect(() => readRelease(tag, FILES)).toThrow(`found the tag ${tag}, expected v1.2.3`);
    },
  );

  it.each([
    ['packageJson', 'package.json version'],
    ['packageLock', 'package-lock.json version'],
  ] as const)('that is not what %s says is refused', (file, place) => {
    const files = { ...FILES, [file]: '{"version": "1.2.2"}' };
    expect(() => readRelease('v1.2.3', files)).toThrow(`${place}: found 1.2.2, expected 1.2.3`);
  });

  it('that is neither the version of the chart nor that of its application is refused, with both named', () => {
    const chart = 'version: 1.2.2\n';
    expect(() => readRelease('v1.2.3', { ...FILES, chart })).toThrow(
      'charts/greenpin/Chart.yaml version: found 1.2.2, expected 1.2.3\ncharts/greenpin/Chart.yaml appVersion: found none, expected 1.2.3',
    );
  });

  it.each([
    ['no entry', '## [1.2.2] - 2026-01-02\n- x', 'found no entry "## [1.2.3] - DATE"'],
    ['no date', '## [1.2.3] - Unreleased\n- x', 'found "Unreleased" as the date of 1.2.3'],
    ['an empty entry', '## [1.2.3] - 2026-01-02\n\n## [1.2.2]\n- x', 'found nothing in the entry of 1.2.3'],
  ])('for which the changelog has %s is refused', (_, changelog, message) => {
    expect(() => readRelease('v1.2.3', { ...FILES, changelog })).toThrow(`CHANGELOG.md: ${message}`);
  });
});

describe('the notes', () => {
  it("are the changelog's entry, and where the image and the chart are", () => {
    const notes = formatNotes(readRelease('v1.2.3', FILES), DIGEST, BASES);
    expect(notes).toMatch(
      /^### Added\n\n- A thing \(\[#7\]\(https:\/\/example\.com\/7\)\)\.\n\n## Artifacts\n/,
    );
    expect(notes).not.toContain('Another');
    expect(notes).toContain(`ghcr.io/greenpin/greenpin:1.2.3@${DIGEST}`);
    expect(notes).toContain('oci://ghcr.io/greenpin/charts/greenpin --version 1.2.3');
    expect(notes).toContain(`- Built from: \`${BASES[0]}\`, \`${BASES[1]}\`\n`);
  });

  it('of the last entry end before the links', () => {
    expect(findEntry(CHANGELOG, '1.2.2')?.text).toBe('- Another.');
  });

  it('are not written without the digest that was pushed', () => {
    expect(() => formatNotes(readRelease('v1.2.3', FILES), '', BASES)).toThrow("expected the image's digest");
  });
});

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

describe('the base images', () => {
  it.each([
    [[], 'found no base image'],
    [
      ['docker.io/library/node:24-slim'],
      'found "docker.io/library/node:24-slim", expected a base image with its digest',
    ],
    [[...BASES, 'a@sha256:12'], 'found "a@sha256:12", expected a base image with its digest'],
  ])('%j are none that a release could have been built from', (bases, message) => {
    expect(() => formatNotes(readRelease('v1.2.3', FILES), DIGEST, bases)).toThrow(message);
  });

  const dockerfile = read('Dockerfile');
  const names = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, name]) => name);

  it('are named in the Dockerfile as the release workflow finds them, and the last one is that of the labels', () => {
    expect(names).toHaveLength(3);
    expect(dockerfile).toContain(`ARG BASE_NAME=${names.at(-1)}\n`);
    for (const part of ['name="$BASE_NAME"', 'digest="$BASE_DIGEST"']) {
      expect(dockerfile).toContain(`org.opencontainers.image.base.${part}`);
    }
  });

  it('are resolved by the release workflow, which builds from the digests, and labels and tells them', () => {
    const { jobs } = parse(read('.github/workflows/release.yml')) as Workflow;
    const steps = jobs['image']?.steps ?? [];
    const [resolving, build] = ['bases', 'build'].map((id) => steps.find((step) => step.id === id));
    const folder = mkdtempSync(join(tmpdir(), 'greenpin-release-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho ${DIGEST}\n`, { mode: 0o755 });
    const output = join(folder, 'output');
    const env = { PATH: `${folder}:${process.env['PATH']}`, RUNNER_TEMP: folder, GITHUB_OUTPUT: output };
    const { status, stderr } = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', resolving?.run ?? 'exit 1'],
      {
        cwd: new URL('../..', import.meta.url),
        env,
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
    const [node = '', base = ''] = [...new Set(names)];
    const contexts = [node, base].map((name) => `${name}=docker-image://${name}@${DIGEST}`);
    expect(readFileSync(output, 'utf8')).toBe(
      `contexts<<END\n${contexts.toSorted().join('\n')}\nEND\n` +
        `all=${[node, base]
          .toSorted()
          .map((name) => `${name}@${DIGEST}`)
          .join(' ')} \n` +
        `name=${base}\ndigest=${DIGEST}\n`,
    );
    expect(build?.with).toMatchObject({ 'build-contexts': '${{ steps.bases.outputs.contexts }}' });
    expect(build?.with?.['build-args']).toContain('BASE_DIGEST=${{ steps.bases.outputs.digest }}');
    expect(jobs['release']?.steps?.at(-1)?.run).toContain('notes "$GITHUB_REF_NAME" "$DIGEST" "$BASES"');

    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho nothing\n');
    const failed = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', resolving?.run ?? ''],
      {
        cwd: new URL('../..', import.meta.url),
        env,
        encoding: 'utf8',
      },
    );
    expect([failed.status === 0, failed.stderr]).toEqual([
      false,
      expect.stringContaining('found no digest of '),
    ]);
  });
});

test('this checkout states one version, of which the changelog tells', () => {
  const files = readReleaseFiles(new URL('../..', import.meta.url));
  const versions = new Set(versionsOf(files).map(([, version]) => version));
  expect(versions.size).toBe(1);
  const [version = ''] = versions;
  expect(findEntry(files.changelog, version)?.text).toMatch(/^- /m);
});
