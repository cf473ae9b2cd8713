/** Keys of a connection to Bitbucket Data Center: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const EXAMPLE = 'https://bitbucket.example.com';

const MAY = 'an HTTP access token with the permission Repository read';

export const bitbucketServerConnectionSchema = mapping(
  {
    kind: z.literal('bitbucket-server').meta({
      description: 'Bitbucket Data Center, for pull requests and build statuses. It has no CI of its own.',
    }),
    url: apiUrl({
      example: EXAMPLE,
      except: 'https://[^/]+(?:/[^/]+)*/(?:rest|projects|scm|users)',
      suggest: (found) => /^(https:\/\/.+?)\/(?:rest|projects|scm|users)(?:\/|$)/.exec(found)?.[1],
    }).meta({
      description: 'URL of the server, with its context path if it has one.',
      examples: [EXAMPLE, 'https://tools.example.com/bitbucket'],
    }),
    tokenEnv: tokenEnv(MAY, 'BITBUCKET_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/bitbucket/token'),
    caFile: caFile('the server'),
  },
  {
    title: 'Bitbucket Data Center connection',
    description:
      'At most one of tokenEnv and tokenFile. Without credentials, only public repositories can be read.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
