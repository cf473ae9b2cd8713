/**
 * Amazon ECR and ECR Public: GetAuthorizationToken with whatever identity the AWS SDK finds. It reads the environment and the files that
 * it names by itself: IRSA (AWS_WEB_IDENTITY_TOKEN_FILE), Pod Identity (AWS_CONTAINER_CREDENTIALS_FULL_URI), profiles, the instance's role.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
 */
import type { Credential } from '../credential.ts';
import { ENDLESS, NoToken, type Cloud, type ExchangeContext } from './exchange.ts';
import type { Expiring } from '../../../resilience/renewal.ts';

export interface EcrIdentity {
  readonly cloud: 'aws';
  readonly service: 'ecr' | 'ecr-public';
  /** Where the API is: the registry's region; for ECR Public us-east-1, wherever we are. */
  readonly region: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
  /** Assumed before the token is asked for: another account's. */
  readonly roleArn?: string | undefined;
}

/** What both services answer. */
interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

const ROLE_SESSION = 'greenpin';
const MAX_ATTEMPTS = 2;

export interface AwsDeps {
  /** Variables of the environment: the proxy, which the SDK does not look for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For the whole exchange, so that what is left behind after it ends as well. */
  readonly timeoutMs: number;
}

export function createAwsCloud(identity: EcrIdentity, deps: AwsDeps): Cloud {
  return {
    name: 'AWS',
    exchange: async (context) =>
      parseAuthorization(await fetchAuthorization(identity, deps, context), context.source),
    hint: hintFor(identity),
  };
}

function hintFor({ service, roleArn }: EcrIdentity): string {
  const actions =
    service === 'ecr'
      ? 'ecr:GetAuthorizationToken'
      : 'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken';
  const role = roleArn === undefined ? '' : `, the identity must be allowed to assume ${roleArn}`;
  return `check the role of this process's service account (IRSA or Pod Identity)${role}; the role needs ${actions}`;
}

/** The libraries are loaded here, the first time that one is needed: hundreds of files. */
async function fetchAuthorization(
  identity: EcrIdentity,
  deps: AwsDeps,
  { signal }: ExchangeContext,
): Promise<AuthorizationData | undefined> {
  const options = await clientOptions(identity, deps);
  if (identity.service === 'ecr-public') {
    const { ECRPUBLICClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr-public');
    const client = new ECRPUBLICClient(options);
    const answer = await client
      .send(new GetAuthorizationTokenCommand({}), { abortSignal: signal })
      .finally(() => client.destroy());
    return answer.authorizationData;
  }
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient(options);
  const answer = await client
    .send(new GetAuthorizationTokenCommand({}), { abortSignal: signal })
    .finally(() => client.destroy());
  return answer.authorizationData?.[0];
}

/** The SDK's calls to STS inherit region and request handler. What is not set here is the environment's. */
async function clientOptions({ region, fips, dualStack, roleArn }: EcrIdentity, { env, timeoutMs }: AwsDeps) {
  const { Agent } = await import('node:https');
  // Node reads the proxy's variables since 22.21 and 24.5; before, nobody does.
  const httpsAgent = new Agent({ proxyEnv: { ...env } });
  const requestHandler = { requestTimeout: timeoutMs, throwOnRequestTimeout: true, httpsAgent };
  return {
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler,
    ...(fips && { useFipsEndpoint: true }),
    ...(dualStack && { useDualstackEndpoint: true }),
    ...(roleArn !== undefined && { credentials: await assumeRole(roleArn) }),
  };
}

async function assumeRole(roleArn: string) {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  return fromTemporaryCredentials({
    params: { RoleArn: roleArn, RoleSessionName: ROLE_SESSION },
    clientConfig: { maxAttempts: MAX_ATTEMPTS },
  });
}

/** The token is user and password in base64; of ECR Public, docker login takes it in the same way to its token service. */
function parseAuthorization(data: AuthorizationData | undefined, source: string): Expiring<Credential> {
  const { authorizationToken = '', expiresAt } = data ?? {};
  const [, username = '', password = ''] =
    /^([^:]+):(.+)$/s.exec(Buffer.from(authorizationToken, 'base64').toString('utf8')) ?? [];
  if (password === '') throw new NoToken('malformed', 'answers without a token');
  if (expiresAt === undefined) throw new NoToken('malformed', ENDLESS);
  return { value: { kind: 'basic', username, password, source }, expiresAt: expiresAt.getTime() };
}
