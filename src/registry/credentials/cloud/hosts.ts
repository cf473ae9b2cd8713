/** The cloud of a registry, by its host: an identity is never shown to another host. Pure. */

export const CLOUDS = ['aws', 'google', 'azure'] as const;

export type CloudHost =
  | {
      readonly cloud: 'aws';
      readonly service: 'ecr' | 'ecr-public';
      /** Where the API is: the registry's region; always us-east-1 for ECR Public. */
      readonly region: string;
      readonly fips: boolean;
      readonly dualStack: boolean;
    }
  | { readonly cloud: 'google' }
  | { readonly cloud: 'azure' };

/** The form of each cloud's hosts, for messages. */
export const CLOUD_HOSTS = {
  aws: 'ACCOUNT.dkr.ecr.REGION.amazonaws.com or public.ecr.aws',
  google: 'LOCATION-docker.pkg.dev or gcr.io',
  azure: 'NAME.azurecr.io',
} as const satisfies Record<CloudHost['cloud'], string>;

/**
 * The domains of each partition (commercial, China, European sovereign, isolated) for the usual endpoints and
 * for the dual-stack ones, whose hosts begin with `dkr-ecr`:
 * https://docs.aws.amazon.com/general/latest/gr/ecr.html, and `partitions.json` of the AWS SDKs.
 */
const ECR_DOMAINS = [
  'amazonaws\\.com(?:\\.cn)?',
  'amazonaws\\.eu',
  'c2s\\.ic\\.gov',
  'sc2s\\.sgov\\.gov',
  'cloud\\.adc-e\\.uk',
  'csp\\.hci\\.ic\\.gov',
];
const DUAL_STACK_DOMAINS = [
  'on\\.aws',
  'on\\.amazonwebservices\\.(?:com\\.cn|eu)',
  'on\\.aws\\.(?:ic\\.gov|scloud|hci\\.ic\\.gov)',
  'on\\.cloud-aws\\.adc-e\\.uk',
];

const ECR = new RegExp(
  `^[0-9]{12}\\.(?:dkr\\.ecr(-fips)?\\.([a-z0-9-]+)\\.(?:${ECR_DOMAINS.join('|')})|` +
    `dkr-ecr(-fips)?\\.([a-z0-9-]+)\\.(?:${DUAL_STACK_DOMAINS.join('|')}))$`,
);
const GOOGLE = /^(?:[a-z0-9-]+\.pkg\.dev|(?:[a-z0-9-]+\.)?gcr\.io)$/;
const AZURE = /^[a-z0-9-]+\.azurecr\.(?:io|cn|us)$/;

/**
 * @param host as in image references, in lower case
 * @returns undefined if the host is in none of the clouds, or is not a registry
 */
export function parseCloudHost(host: string): CloudHost | undefined {
  if (host === 'public.ecr.aws') {
    return { cloud: 'aws', service: 'ecr-public', region: 'us-east-1', fips: false, dualStack: false };
  }
  const ecr = ECR.exec(host);
  if (ecr !== null) {
    const [, fips, region, dualStackFips, dualStackRegion] = ecr;
    return {
      cloud: 'aws',
      service: 'ecr',
      region: region ?? dualStackRegion ?? '',
      fips: (fips ?? dualStackFips) !== undefined,
      dualStack: dualStackRegion !== undefined,
    };
  }
  if (GOOGLE.test(host)) return { cloud: 'google' };
  return AZURE.test(host) ? { cloud: 'azure' } : undefined;
}
