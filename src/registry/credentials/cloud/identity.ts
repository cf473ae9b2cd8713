/** This process's identity in a cloud as a registry's credential: `registries.HOST.identity`. */
import { UpstreamError, type UpstreamFailure } from '../../../errors.ts';
import type { Credential } from '../credential.ts';
import type { FetchHttp } from '../../transport.ts';
import type { FileAccess } from '../../../secrets/watched-file.ts';
import { createAwsCloud, type AwsDeps, type EcrIdentity } from './aws.ts';
import { createAzureCloud, type AzureIdentity } from './azure.ts';
import { NoToken, type Cloud } from './exchange.ts';
import { createGoogleCloud, type GoogleIdentity } from './google.ts';
import { createRenewal, type Expiring } from '../../../resilience/renewal.ts';
import { DeadlinePassed, describeTrouble } from './failure.ts';
import type { Clock } from '../../../clock.ts';
import { withDeadline } from '../../../resilience/deadline.ts';

export type IdentitySettings = EcrIdentity | GoogleIdentity | AzureIdentity;

export interface IdentityDeps extends AwsDeps {
  readonly files: Pick<FileAccess, 'readFile'>;
  readonly now: Clock;
  readonly warn: (message: string) => void;
}

export interface Identity {
  /**
   * @param fetchHttp for what is asked of the registry itself
   * @throws UpstreamError
   */
  fetchCredential(fetchHttp: FetchHttp): Promise<Credential>;
  /** @returns whether `refused` came from here and is dropped, so that another one may be had */
  forget(refused: Credential): boolean;
}

/** No cloud promises more than ECR's twelve hours for what a registry takes. */
const LONGEST_LIFE_MS = 12 * 3_600_000;

/** @param host the registry, as in image references */
export function createIdentity(host: string, settings: IdentitySettings, deps: IdentityDeps): Identity {
  const { now, timeoutMs, warn } = deps;
  const cloud = createCloud(host, settings, deps);
  const source = `identity ${settings.cloud} of registries.${host}`;
  const renewal = createRenewal<Credential>({
    now,
    warn: (error) =>
      warn(
        `${explain(error, host, cloud, 'no new credentials').message}; those from before are used while they last`,
      ),
  });

  async function exchange(fetchHttp: FetchHttp): Promise<Expiring<Credential>> {
    const token = await withDeadline(timeoutMs, late, (signal) =>
      cloud.exchange({ source, signal, fetchHttp }),
    );
    if (!(token.expiresAt > now())) {
      const says = "answers with a token that has expired already (is this machine's clock right?)";
      throw new NoToken('malformed', says);
    }
    return { ...token, expiresAt: Math.min(token.expiresAt, now() + LONGEST_LIFE_MS) };
  }

  return {
    async fetchCredential(fetchHttp) {
      try {
        return await renewal.read(() => exchange(fetchHttp));
      } catch (error) {
        // Without the cause: a library's error holds requests, and so secrets.
        throw new UpstreamError(explain(error, host, cloud, 'no credentials'));
      }
    },
    forget: (refused) => renewal.forget(refused),
  };
}

function createCloud(host: string, settings: IdentitySettings, deps: IdentityDeps): Cloud {
  switch (settings.cloud) {
    case 'aws':
      return createAwsCloud(settings, deps);
    case 'google':
      return createGoogleCloud(settings, deps.files);
    case 'azure':
      return createAzureCloud(host);
  }
}

/** The others are the cloud's own trouble. */
const OURS_TO_CHECK: ReadonlySet<UpstreamFailure['kind']> = new Set(['denied', 'timeout', 'unreachable']);

/** @param what there is none of, to begin the message with */
function explain(error: unknown, host: string, { name, hint }: Cloud, what: string): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  const { kind, says } = describeTrouble(error);
  const advice = OURS_TO_CHECK.has(kind) ? `; ${hint}` : '';
  return { kind, host, message: `${what} for ${host}: ${name} ${says}${advice}` };
}

function late(): DeadlinePassed {
  return new DeadlinePassed('no token in time');
}
