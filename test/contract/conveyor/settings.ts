/** Keys of a connection to Conveyor: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping, text } from '../../../src/schema/fields.ts';
import { caFile, secretFile, secretVariable } from '../../../src/schema/files.ts';

export const conveyorConnectionSchema = mapping(
  {
    kind: z.literal('conveyor').meta({ description: 'A Conveyor server.' }),
    url: text(/^https?:\/\/\S+$/, 'the URL of the server, for example https://conveyor.example.com').meta({
      description: 'The URL of the server.',
      examples: ['https://conveyor.example.com'],
    }),
    tokenEnv: secretVariable(
      'Environment variable with a token that may read builds.',
      'CONVEYOR_TOKEN',
    ).optional(),
    tokenFile: secretFile(
      'File with a token that may read builds; it is read again when it changes.',
      '/var/run/secrets/conveyor/token',
    ).optional(),
    caFile: caFile('the server'),
  },
  {
    title: 'Conveyor connection',
    description: 'A Conveyor server. The token needs the permission read_builds.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
