/** The schema of `store`: where last good answers are kept. */
import { z } from 'zod';
import { DURATION_EXPECTED, DURATION_PATTERN } from '../schema/duration.ts';
import { atMostOne, mapping, text } from '../schema/fields.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import { secretFile, secretVariable } from '../schema/files.ts';

const forgetAfter = text(DURATION_PATTERN, DURATION_EXPECTED)
  .default('30d')
  .meta({ description: 'Answers unused for this long are deleted. At least 1d.' });

const memory = mapping(
  { kind: z.literal('memory').meta({ description: 'In memory; lost when the process ends.' }) },
  { title: 'Memory', description: 'Keeps last good answers in memory only.' },
);

const sqlite = mapping(
  {
    kind: z.literal('sqlite').meta({ description: 'In an SQLite file, which survives restarts.' }),
    path: text(
      new RegExp(`^(?!~)(?!file:)(?!:memory:$)${ONE_LINE}$`),
      'the path of a file, for example ./greenpin.db',
    )
      .optional()
      .meta({
        description:
          "Path of the file, which is created if missing and must be on a local disk. Relative paths start at the configuration file's directory. Default: greenpin.db in the directory named by the environment variable GREENPIN_STATE_DIRECTORY, or ./greenpin.db.",
        examples: ['./greenpin.db', '/var/lib/greenpin/greenpin.db'],
      }),
    forgetAfter,
  },
  { title: 'SQLite', description: 'Keeps last good answers in a file.' },
);

const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])';

const redis = mapping(
  {
    kind: z.literal('redis').meta({ description: 'In Redis or Valkey, shared by several replicas.' }),
    url: text(
      new RegExp(`^rediss?://(?:[A-Za-z0-9._~-]{1,64}@)?${HOST}(?::[0-9]{1,5})?(?:/[0-9]{1,4})?$`),
      'redis://HOST:PORT or, with TLS, rediss://HOST:PORT, without a password (see passwordFile), for example redis://redis:6379/0',
    ).meta({
      description:
        'URL of the server: redis://[USER@]HOST[:PORT][/DATABASE], or rediss:// for TLS. Use a separate database for each installation.',
      examples: ['redis://redis:6379', 'rediss://greenpin@redis.example.com:6380/1'],
    }),
    passwordFile: secretFile(
      'File that contains the password. Greenpin reads it again for each connection.',
      '/var/run/secrets/redis/password',
    ).optional(),
    passwordEnv: secretVariable(
      'Environment variable that contains the password.',
      'REDIS_PASSWORD',
    ).optional(),
    forgetAfter,
  },
  {
    title: 'Redis',
    description: 'Shares last good answers and results from CI and the registries among replicas.',
  },
  [atMostOne('passwordFile', 'passwordEnv')],
);

export const storeSchema = z
  .discriminatedUnion('kind', [sqlite, memory, redis], { error: 'sqlite, redis or memory' })
  .meta({ title: 'Store', description: 'Where to keep the last good answer of each branch.' });
