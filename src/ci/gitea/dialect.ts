/** The two APIs: they share their paths, but neither the parameters nor the runs. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { MAX_ELEMENTS } from '../fields.ts';
import { forgejoRunSchema, salvageForgejoRun, toForgejoRun } from './forgejo-run.ts';
import { giteaRunSchema, salvageGiteaRun, toGiteaRun } from './gitea-run.ts';
import { checkKind } from './wrong-kind.ts';

export interface RunList {
  readonly total: number;
  /** Newest first. */
  readonly runs: readonly Run[];
  readonly unread: readonly UnreadRun[];
  /** Elements of the list, readable or not. */
  readonly length: number;
}

export interface Dialect {
  /** `kind` of the connection. */
  readonly kind: 'gitea' | 'forgejo';
  /** The API's owner. */
  readonly api: string;
  /** The first version that lists runs. */
  readonly since: readonly [major: number, minor: number];
  /** True if lists of runs link their pages. */
  readonly links: boolean;
  readonly branchQuery: (branch: string) => Readonly<Record<string, string>>;
  /** Narrows the list as far as the API can; the provider selects the pull request's runs. */
  readonly pullRequestQuery: (number: string) => Readonly<Record<string, string>>;
  /**
   * @param asOf when the server answered, by its clock, milliseconds since the epoch
   * @throws UpstreamError `malformed`
   */
  readonly parseRun: (value: unknown, host: string, asOf: number) => Run;
  /** @throws UpstreamError `malformed` */
  readonly parseRunList: (value: unknown, host: string, asOf: number) => RunList;
}

/** `routers/api/v1/shared/action.go`, ListRuns */
export const GITEA: Dialect = {
  kind: 'gitea',
  api: 'Gitea',
  since: [1, 25],
  links: true,
  branchQuery: (branch) => ({ branch }),
  pullRequestQuery: () => ({ event: 'pull_request' }),
  ...createParsers({
    kind: 'gitea',
    api: 'Gitea',
    schema: giteaRunSchema,
    toRun: toGiteaRun,
    salvage: salvageGiteaRun,
  }),
};

/** `routers/api/v1/repo/action.go`, ListActionRuns. Servers that do not know `ref` ignore it. */
export const FORGEJO: Dialect = {
  kind: 'forgejo',
  api: 'Forgejo',
  since: [14, 0],
  links: false,
  branchQuery: (branch) => ({ ref: `refs/heads/${branch}` }),
  pullRequestQuery: (number) => ({ ref: `refs/pull/${number}/head` }),
  ...createParsers({
    kind: 'forgejo',
    api: 'Forgejo',
    schema: forgejoRunSchema,
    toRun: toForgejoRun,
    salvage: salvageForgejoRun,
  }),
};

const pageSchema = z.object({
  total_count: z.int().nonnegative(),
  workflow_runs: z.array(z.unknown()).max(MAX_ELEMENTS),
});

interface ParserParts<Raw> extends Pick<Dialect, 'kind' | 'api'> {
  readonly schema: z.ZodType<Raw>;
  readonly toRun: (raw: Raw, asOf: number) => Run;
  readonly salvage: (element: unknown) => Omit<UnreadRun, 'problem'>;
}

function createParsers<Raw>(parts: ParserParts<Raw>): Pick<Dialect, 'parseRun' | 'parseRunList'> {
  const { kind, api, schema, toRun, salvage } = parts;
  return {
    parseRun(value, host, asOf) {
      checkKind(value, kind, host);
      return toRun(parseShape(schema, value, { host, api }), asOf);
    },
    parseRunList(value, host, asOf) {
      const source: Source = { host, api };
      const { total_count: total, workflow_runs: elements } = parseShape(pageSchema, value, source);
      checkKind(elements[0], kind, host);
      const shape = { list: 'workflow_runs', schema, toRun: (raw: Raw) => toRun(raw, asOf), salvage };
      return { total, length: elements.length, ...parseRuns(elements, shape, source) };
    },
  };
}
