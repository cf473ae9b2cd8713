/** Keys of a connection to Woodpecker: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const MAY = 'a personal access token of a user who may see the repository';

const url = apiUrl({
  example: 'https://woodpecker.example.com',
  inCluster: true,
  except: '\\S+/api/?',
  suggest: (found) => /^(https?:\/\/\S+?)\/api\/?$/.exec(found)?.[1],
});

export const woodpeckerConnectionSchema = mapping(
  {
    kind: z.literal('woodpecker').meta({ description: 'A Woodpecker server, 3.0 or later.' }),
    url: url.meta({
      description: 'URL of the server, with its root path if it has one, without /api.',
      examples: ['https://woodpecker.example.com'],
    }),
    tokenEnv: tokenEnv(MAY, 'WOODPECKER_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/woodpecker/token'),
    caFile: caFile('Woodpecker'),
  },
  {
    title: 'Woodpecker connection',
    description:
      'At most one of tokenEnv and tokenFile. Without credentials, only public repositories can be read. ' +
      'Woodpecker is not a Git host. A project with pull requests names the connection to its Git host in git.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
