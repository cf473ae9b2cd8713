/** Keys for a cloud identity in place of a password (`registries.<host>`). */
import { CLOUDS } from './hosts.ts';
import { choice, text, type KeyRule } from '../../../schema/fields.ts';
import { secretFile } from '../../../schema/files.ts';

const ROLE_ARN = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]+$/;

export const identityKeys = {
  identity: choice(CLOUDS)
    .optional()
    .meta({
      description:
        "Signs in with this process's identity in the registry's cloud, as found by the cloud's SDK: " +
        'aws for ECR, google for Artifact Registry, azure for ACR.',
    }),
  roleArn: text(ROLE_ARN, "a role's ARN, for example arn:aws:iam::123456789012:role/pull")
    .optional()
    .meta({
      description: 'A role to assume first, for example in another account. Only with identity aws.',
      examples: ['arn:aws:iam::123456789012:role/pull'],
    }),
  credentialsFile: secretFile(
    "With identity google: a service account's key, or a workload identity federation configuration. " +
      "Default: the environment's credentials.",
    '/var/run/secrets/google/credentials.json',
  ).optional(),
};

const NOT_WITH_IDENTITY = ['username', 'passwordFile', 'passwordEnv', 'http'];
/** The identity that each key belongs to. */
const COMPANIONS = { roleArn: 'aws', credentialsFile: 'google' } as const;

/** An identity excludes other credentials, and its token is never sent unencrypted. */
export const identityRule: KeyRule = {
  explain: (present, { identity }) => {
    const others = present.filter((key) => NOT_WITH_IDENTITY.includes(key));
    if (identity !== undefined && others.length > 0) {
      const excluded = NOT_WITH_IDENTITY.join(', ');
      return `found identity and ${others.join(' and ')}, expected identity without ${excluded}`;
    }
    const lost = Object.entries(COMPANIONS).find(
      ([key, cloud]) => present.includes(key) && identity !== cloud,
    );
    return lost && `found ${lost[0]} without identity: ${lost[1]}, expected both`;
  },
  jsonSchema: {
    dependentSchemas: {
      identity: { not: { anyOf: NOT_WITH_IDENTITY.map((key) => ({ required: [key] })) } },
      ...Object.fromEntries(
        Object.entries(COMPANIONS).map(([key, cloud]) => [
          key,
          {
            properties: { identity: { const: cloud, description: `The identity that ${key} requires.` } },
            required: ['identity'],
          },
        ]),
      ),
    },
  },
};
