/** Projects and their images: `projects.<name>` (design §3). */
import { z } from 'zod';
import { choice, list, mapping, named, text, whole } from '../schema/fields.ts';
import { findNearest } from '../text/nearest.ts';

/**
 * Events that start workflows. A closed list, since a mistyped event would match no run, and an environment would be deleted for it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
const EVENTS = (
  'push pull_request pull_request_target workflow_dispatch schedule merge_group workflow_run repository_dispatch release create delete ' +
  'deployment deployment_status check_run check_suite status issue_comment issues label milestone discussion discussion_comment ' +
  'pull_request_review pull_request_review_comment registry_package branch_protection_rule fork gollum page_build public watch dynamic'
).split(' ');

const event = z.enum(EVENTS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? findNearest(input, EVENTS) : undefined;
    const expected = 'an event of GitHub Actions, for example push or pull_request';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

const workflow = text(
  /^\.github\/workflows\/[\w .@+-]+\.ya?ml$/,
  'the path of a workflow, for example .github/workflows/build.yml',
  (found) => {
    const file = /(?:^|\/)([\w.-]+\.ya?ml)(?:@.*)?$/.exec(found)?.[1];
    return file === undefined ? undefined : `.github/workflows/${file}`;
  },
);

/** Neither `.` nor `..` as a name, since it becomes a part of a URL's path; GitHub allows no name that ends in `.git`. */
const REPOSITORY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]*\/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/;

const repository = text(REPOSITORY_PATTERN, 'OWNER/NAME, for example acme/shop', (found) => {
  const meant = /^(?:[a-z+]+:\/\/[^/]+\/|git@[^:/]+:)?([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(found)?.[1];
  return meant !== undefined && REPOSITORY_PATTERN.test(meant) ? meant : undefined;
});

const reference = z.string({ error: 'an image reference, for example ghcr.io/acme/shop:sha-{commit}' }).meta({
  description:
    'An RFC 6570 template: {commit}, {commit:7} (its beginning), {branch} (as docker/metadata-action cleans it), {ref_slug} (as ' +
    "GitLab's CI_COMMIT_REF_SLUG), {pull_request}, {build_id}, {build_number}, {attempt}.",
  examples: ['ghcr.io/acme/shop-front:sha-{commit}'],
});

const HOST_LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const PATH_COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';

/** The host is written out: without one `mirror/acme/shop` would be a repository of Docker Hub. */
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
          "Pin this platform's manifest instead of the index; left out, the node chooses, which is right for most.",
        examples: ['linux/amd64', 'linux/arm/v7'],
      }),
    handOut: handOut.optional().meta({
      description:
        'The repository that is handed out in place of the one that is asked: a mirror, a pull-through cache. Greenpin itself never asks it.',
      examples: ['mirror.local/acme/shop-back'],
    }),
    onMissing: choice(['reject', 'previous']).default('reject').meta({
      description:
        'When a green build has not pushed this image: reject the build, or take the image of the build before (monorepos that build only what changed).',
    }),
    revision: choice(['auto', 'require', 'ignore']).default('auto').meta({
      description:
        "What the label org.opencontainers.image.revision must say: auto compares it with the build's commit where the tag can move and a push made the build, require wants it always, ignore never asks.",
    }),
  },
  { title: 'Image', description: 'An image with settings of its own.' },
);

/** No separator at the end: it would get lost in `digestFront`. */
const imageName = text(
  /^[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/,
  'a name of letters, digits, - and _ that begins with a letter and ends with a letter or digit',
);

/** The name of a project or of a connection. */
export const entryName = text(
  /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/,
  'a name of at most 100 letters, digits, ".", "_", "-" and "/" that begins with a letter or digit',
);

export const projectSchema = mapping(
  {
    ci: z
      .string({ error: 'the name of a connection' })
      .optional()
      .meta({
        description: 'The connection that its builds come from; may be left out when there is only one.',
        examples: ['github'],
      }),
    repository: repository.meta({ description: 'The Git repository, OWNER/NAME.', examples: ['acme/shop'] }),
    workflows: list(
      workflow,
      'a list of workflows, for example [.github/workflows/build.yml]; leave the key out to count every workflow',
    )
      .optional()
      .meta({
        description:
          'Workflows that must all be green for a commit; left out: every workflow that ran for it.',
        examples: [['.github/workflows/build.yml']],
      }),
    events: list(event, 'a list of at least one event').default(['push', 'pull_request']).meta({
      description: 'Events whose runs count, the most trusted first.',
    }),
    forks: z.boolean().default(false).meta({
      description:
        'Runs whose commit lies in a fork count as well: images that strangers built may be deployed.',
    }),
    lookback: whole(1, 100, 'a whole number from 1 to 100').default(5).meta({
      description: 'How many green builds are looked at, the newest included, for one with all its images.',
    }),
    onNoBuild: choice(['empty', 'error']).default('empty').meta({
      description:
        'When a branch has no green build and never had one: answer an empty list (no environment), or an error.',
    }),
    images: named(
      imageName,
      z.union([reference, imageSchema], { error: 'an image reference, or a mapping with reference' }),
      1,
      {
        description: 'The images that a build pushes; the name front gives the parameter digestFront.',
        examples: [{ front: 'ghcr.io/acme/shop-front:sha-{commit}' }],
      },
    ),
  },
  { title: 'Project', description: 'One Git repository and the images that its CI builds.' },
);
