/** Keys of a connection to Gitea or Forgejo: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const MAY = 'a token with the scope read:repository';

function instanceUrl(example: string) {
  return apiUrl({
    example,
    // The API's path is appended.
    except: 'https?://\\S+/api',
    suggest: (found) => /^(https?:\/\/\S+?)\/api(?:\/.*)?$/.exec(found)?.[1],
    inCluster: true,
  }).meta({
    description: 'URL of the instance, with its path if it has one, without /api/v1.',
    examples: [example],
  });
}

export const giteaConnectionSchema = mapping(
  {
    kind: z.literal('gitea').meta({ description: 'Gitea 1.25 or later, with Gitea Actions.' }),
    url: instanceUrl('https://gitea.example.com'),
    tokenEnv: tokenEnv(MAY, 'GITEA_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/gitea/token'),
    caFile: caFile('the instance'),
  },
  {
    title: 'Gitea connection',
    description:
      'At most one of tokenEnv and tokenFile. Gitea lists workflow runs only with a token, even those of public repositories.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);

export const forgejoConnectionSchema = mapping(
  {
    kind: z.literal('forgejo').meta({ description: 'Forgejo 14 or later, with Forgejo Actions.' }),
    url: instanceUrl('https://forgejo.example.com'),
    tokenEnv: tokenEnv(MAY, 'FORGEJO_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/forgejo/token'),
    caFile: caFile('the instance'),
  },
  {
    title: 'Forgejo connection',
    description: 'At most one of tokenEnv and tokenFile.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
