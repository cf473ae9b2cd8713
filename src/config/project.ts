/** Projects and their images: `projects.<name>`. */
import { z } from 'zod';
import { ALL_KINDS } from '../ci/kinds.ts';
import { DURATION_EXPECTED, DURATION_PATTERN } from '../schema/duration.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import { choice, list, mapping, named, text, whole } from '../schema/fields.ts';

/** `project-kinds.ts` checks the format by kind; the JSON Schema allows every kind's format. */
function textOfKind(key: 'repository' | 'workflow' | 'event', expected: string) {
  const schemas = ALL_KINDS.flatMap(({ project }) => (project[key] === 'none' ? [] : [project[key]]));
  const [only, ...others] = schemas.map((schema) => {
    const { $schema: _, ...keywords } = z.toJSONSchema(schema);
    return keywords;
  });
  return z.string({ error: expected }).meta(others.length === 0 ? { ...only } : { anyOf: [only, ...others] });
}

const reference = z.string({ error: 'an image reference, for example ghcr.io/acme/shop:sha-{commit}' }).meta({
  description:
    'Placeholders, written as in RFC 6570: {commit} (the head commit, or the merge commit if CI reports that it built one), {commit:7} (its first 7 digits), ' +
    "{branch} (sanitized as by docker/metadata-action), {ref_slug} (as GitLab's CI_COMMIT_REF_SLUG), {pull_request}, {build_id}, {build_number}, {attempt}.",
  examples: ['ghcr.io/acme/shop-front:sha-{commit}'],
});

const HOST_LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const PATH_COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';

/** The host is required: without it, `mirror/acme/shop` would be a repository of Docker Hub. */
export const HAND_OUT_PATTERN = new RegExp(
  `^(?:localhost|${HOST_LABEL}(?:\\.${HOST_LABEL})+|(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-f:]+\\]):[0-9]{1,5}|\\[[0-9a-f:]+\\])` +
    `(?:/${PATH_COMPONENT})+$`,
);

const handOut = text(
  HAND_OUT_PATTERN,
  'a repository without tag and digest, REGISTRY/PATH, for example mirror.local/acme/shop',
  (found) => {
    const meant = /^(?:[a-z]+:\/\/)?([^@]*?)(?::[\w.-]+)?(?:@[^/]*)?$/.exec(found.toLowerCase())?.[1];
    return meant !== undefined && HAND_OUT_PATTERN.test(meant) ? meant : undefined;
  },
);

const imageSchema = mapping(
  {
    reference,
    platform: z
      .string({ error: 'a platform, for example linux/amd64' })
      .optional()
      .meta({
        description:
          "Pins this platform's manifest instead of the index. Default: the index, so that each node picks its own platform.",
        examples: ['linux/amd64', 'linux/arm/v7'],
      }),
    handOut: handOut.optional().meta({
      description:
        "Mirror or pull-through cache that replaces the reference's repository in parameter sets. Greenpin never contacts it.",
      examples: ['mirror.local/acme/shop-back'],
    }),
    workflow: textOfKind('workflow', 'the name of a workflow')
      .optional()
      .meta({
        description:
          'The workflow that pushes this image, for repositories in which each image has its own. It need not run for every commit: for a commit that it did not run for, onMissing applies.',
        examples: ['.github/workflows/back.yml'],
      }),
    onMissing: choice(['reject', 'previous', 'target']).default('reject').meta({
      description:
        "What to do if a green build has not pushed this image (for monorepos that build only what changed): reject the build; use the image of the branch's previous build; or, if there is none, that of the target branch, which the call names in target_branch.",
    }),
    revision: choice(['auto', 'require', 'ignore']).default('auto').meta({
      description:
        "Whether the label org.opencontainers.image.revision must name the build's commit: auto checks it if the tag is mutable, require always, ignore never.",
    }),
  },
  { title: 'Image', description: 'An image with its own settings.' },
);

/** No separator at the end, since `digestFront` would lose it. */
const imageName = text(
  /^[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/,
  'a name of letters, digits, - and _ that begins with a letter and ends with a letter or digit',
);

/** The name of a project or of a connection. */
export const entryName = text(
  /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/,
  'a name of at most 100 letters, digits, ".", "_", "-" and "/" that begins with a letter or digit',
);

const NO_BLANK = '[^ \\u0000-\\u001f\\u007f]';

const statusPattern = text(
  new RegExp(`^${NO_BLANK}(?:(?:${ONE_LINE})?${NO_BLANK})?$`),
  'the name of a status or check, in which * stands for any text, for example security/*',
);

const connectionName = z.string({ error: 'the name of a connection' }).optional();

export const projectSchema = mapping(
  {
    ci: connectionName.meta({
      description: 'The CI connection that provides the builds. Default: the only connection.',
      examples: ['github'],
    }),
    git: connectionName.meta({
      description: 'The connection to the Git host with the pull requests. Default: ci, if it is a Git host.',
      examples: ['github'],
    }),
    repository: textOfKind('repository', 'the Git repository, for example acme/shop').meta({
      description: 'The Git repository, for example OWNER/NAME.',
      examples: ['acme/shop'],
    }),
    builds: choice(['runs', 'statuses', 'registry']).default('runs').meta({
      description:
        "What a build is. runs: the runs of a commit in CI. statuses: a commit that was pushed and whose statuses are green (for a CI system that Greenpin does not know, but that reports to the Git host; ci is then the Git host). registry: the commit that the call names in head_sha, if each image's revision is that commit. No CI is asked, so this is weaker: nothing says that the build was green.",
    }),
    statuses: list(statusPattern, 'a list of statuses or checks, for example [sonarqube, "security/*"]')
      .optional()
      .meta({
        description:
          'Commit statuses and checks on the Git host that must be successful as well, by name; * stands for any text. Each needs at least one status, and all that match must be successful: neither neutral nor skipped. Required with builds: statuses.',
        examples: [['sonarqube', 'security/*']],
      }),
    workflows: list(
      textOfKind('workflow', 'the name of a workflow'),
      'a list of workflows, for example [.github/workflows/build.yml]; leave the key out to count every workflow',
    )
      .optional()
      .meta({
        description:
          'Workflows that must all be green for a commit. Default: every workflow that ran for the commit.',
        examples: [['.github/workflows/build.yml']],
      }),
    events: list(textOfKind('event', 'the name of an event'), 'a list of at least one event')
      .optional()
      .meta({
        description:
          "Events whose runs count, most trusted first. The default depends on the connection's kind; for GitHub: push and pull_request.",
        examples: [['push', 'pull_request']],
      }),
    forks: z.boolean().default(false).meta({
      description: 'Whether runs of forks count. If true, strangers can deploy images that they built.',
    }),
    blocked: choice(['pending', 'success']).default('pending').meta({
      description:
        'Whether a run that waits for a person (a manual step, an approval) counts as green. Set success only if your builds push their images before that step.',
    }),
    lookback: whole(1, 100, 'a whole number from 1 to 100').default(5).meta({
      description: 'How many green builds, newest first, to search for one that has all its images.',
    }),
    onNoBuild: choice(['empty', 'error']).default('empty').meta({
      description:
        'Answer for a branch that has never had a green build: an empty list (no environment), or an error.',
    }),
    freshFor: text(DURATION_PATTERN, DURATION_EXPECTED)
      .optional()
      .meta({
        description:
          "This project's own freshFor. It replaces the default of the connection's kind, too. If projects share a repository, the shortest counts for its runs.",
        examples: ['1m'],
      }),
    images: named(
      imageName,
      z.union([reference, imageSchema], { error: 'an image reference, or a mapping with reference' }),
      1,
      {
        description: 'Images that a build pushes. The name front gives the parameter digestFront.',
        examples: [{ front: 'ghcr.io/acme/shop-front:sha-{commit}' }],
      },
    ),
  },
  { title: 'Project', description: 'One Git repository and the images that its CI builds.' },
);
