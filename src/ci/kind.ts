/** The parts of a kind of connection. Each kind's folder exports one `CiKind`, and `kinds.ts` lists them. */
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { TlsFiles } from '../secrets/tls-files.ts';
import type { TemplateVariable } from '../image/template.ts';
import type { SecretDeps, SecretSource } from '../secrets/secret.ts';
import type { DispatcherFor } from '../upstream/dispatchers.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';
import type { CommitStatuses } from './commit-statuses.ts';
import type { GitHost } from './git-host.ts';
import type { PushLog } from './push-log.ts';
import type { CiInspector, CiProvider } from './provider.ts';

export type ConnectionAuth =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'token';
      readonly source: SecretSource;
      /** For APIs that sign in by HTTP Basic. */
      readonly username?: string | undefined;
    }
  | {
      readonly kind: 'app';
      /** The App's id or client id. */
      readonly id: string;
      readonly installationId: string;
      readonly privateKeyFile: string;
    };

/** A connection of the configuration. */
export interface CiConnection {
  readonly name: string;
  readonly kind: string;
  /** Without a trailing slash. */
  readonly url: string;
  readonly auth: ConnectionAuth;
  readonly tls?: TlsFiles | undefined;
}

export interface CiPorts {
  readonly provider: CiProvider;
  /** Undefined if another connection must serve pull requests. */
  readonly gitHost?: GitHost | undefined;
  readonly statuses?: CommitStatuses | undefined;
  /** For `builds: statuses`. */
  readonly pushLog?: PushLog | undefined;
  /** Undefined if workflows cannot be listed. */
  readonly inspector?: CiInspector | undefined;
}

/** Schemas for a project's keys. Their errors say what is expected, and suggest the likely intention. */
export interface ProjectKeys {
  readonly repository: z.ZodType<string>;
  /** Name of one workflow; `none`: runs of this kind belong to no workflow, so naming one is an error. */
  readonly workflow: z.ZodType<string> | 'none';
  /**
   * What the provider lists the runs of. With `workflows`, a project must name some, and the provider gets
   * these names, joined by blanks, in place of the Git repository. Default: `repository`.
   */
  readonly runsBelongTo?: 'repository' | 'workflows' | undefined;
  /** Placeholders that no run of this kind has a value for, and why: `Buildkite finds builds by number`. */
  readonly missingVariables?: Readonly<Partial<Record<TemplateVariable, string>>> | undefined;
  /** How many workflows a project may name. Default: any number. */
  readonly mostWorkflows?: number | undefined;
  /** A closed list, since a mistyped event would match no run, and Argo CD would delete environments. */
  readonly event: z.ZodType<string>;
  /** The most trusted first. */
  readonly defaultEvents: readonly string[];
}

/** The kind's own terms, for hints. */
export interface KindWords {
  /** The permission to read runs, as the provider's settings name it. */
  readonly runsPermission: string;
  readonly pullRequestsPermission: string;
  /** An instruction: `add tokenFile or tokenEnv`. */
  readonly addCredentials: string;
  /** An example of `url` for a self-hosted server. */
  readonly urlExample: string;
  /** Where a token is authorized for single sign-on. */
  readonly singleSignOn?: string | undefined;
}

export interface CiDeps {
  readonly now: Clock;
  /** Deadline of one call in milliseconds: credentials, redirects and the body included. */
  readonly timeoutMs: number;
  readonly observer: UpstreamObserver;
  /** The connection pool for each request, for example through a proxy. */
  readonly dispatcherFor: DispatcherFor;
}

export interface CiKind<Schema extends z.ZodObject = z.ZodObject> {
  /** Keys of `connections.<name>`. */
  readonly schema: Schema;
  readonly project: ProjectKeys;
  readonly words: KindWords;
  /** False: it has no CI of its own, so its projects need `builds: statuses`. Default: true. */
  readonly hasRuns?: boolean | undefined;
  /** True if `connect` gives a `gitHost`. */
  readonly isGitHost: boolean;
  /** The shortest `freshFor` that this kind's quota allows, in milliseconds; `maxFreshFor` limits it. */
  readonly freshForMs?: number | undefined;
  /** Calls that one credential may make, if listings of many repositories would use them up. */
  readonly callsPerHour?: number | undefined;
  /** @param locate resolves a path relative to the configuration file */
  createAuth(entry: z.output<Schema>, locate: (path: string) => string): ConnectionAuth;
  /** Neither sends requests nor reads secrets yet. */
  connect(connection: CiConnection, deps: CiDeps & SecretDeps): CiPorts;
}
