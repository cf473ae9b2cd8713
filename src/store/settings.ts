/** Where last good answers are kept: `store` (design §3). */
import { z } from 'zod';
import { DURATION_EXPECTED, DURATION_PATTERN } from '../schema/duration.ts';
import { atMostOne, mapping, text } from '../schema/fields.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import { secretFile, secretVariable } from '../schema/secret-source.ts';

const forgetAfter = text(DURATION_PATTERN, DURATION_EXPECTED)
  .default('30d')
  .meta({ description: 'An answer that nobody has asked for in this time is deleted; at least 1d.' });

const memory = mapping(
  { kind: z.literal('memory').meta({ description: 'In this process; lost with it.' }) },
  { title: 'Memory', description: 'Last good answers are kept in memory only.' },
);

const sqlite = mapping(
  {
    kind: z.literal('sqlite').meta({ description: 'In a file that survives the process.' }),
    path: text(
      new RegExp(`^(?!~)(?!file:)(?!:memory:$)${ONE_LINE}$`),
      'the path of a file, for example ./greenpin.db',
    )
      .optional()
      .meta({
        description:
          "The file; it is made when it is missing, and must lie on a disk of this machine. A relative path starts at the configuration file's folder. Left out: greenpin.db in the folder that the environment variable GREENPIN_STATE_DIRECTORY names, else ./greenpin.db.",
        examples: ['./greenpin.db', '/var/lib/greenpin/greenpin.db'],
      }),
    forgetAfter,
  },
  { title: 'SQLite', description: 'Last good answers are kept in a file.' },
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
        'The server: redis://[USER@]HOST[:PORT][/DATABASE], or rediss:// with TLS. One database for each installation.',
      examples: ['redis://redis:6379', 'rediss://greenpin@redis.example.com:6380/1'],
    }),
    passwordFile: secretFile(
      'File with the password; it is read again at each connection.',
      '/var/run/secrets/redis/password',
    ).optional(),
    passwordEnv: secretVariable('Environment variable with the password.', 'REDIS_PASSWORD').optional(),
    forgetAfter,
  },
  { title: 'Redis', description: 'Last good answers, and what CI and the registries said, are shared.' },
  [atMostOne('passwordFile', 'passwordEnv')],
);

export const storeSchema = z
  .discriminatedUnion('kind', [sqlite, memory, redis], { error: 'sqlite, redis or memory' })
  .meta({ title: 'Store', description: 'Where the last good answer of each branch is kept.' });
