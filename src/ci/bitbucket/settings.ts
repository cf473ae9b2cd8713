/** Keys of a connection to Bitbucket Cloud: `connections.<name>`. */
import { z } from 'zod';
import { combinations, mapping, text } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const API_URL = 'https://api.bitbucket.org';

const MAY = 'an access token with the scopes pipeline, pullrequest and repository, or an API token';

export const bitbucketConnectionSchema = mapping(
  {
    kind: z.literal('bitbucket').meta({
      description: 'Bitbucket Cloud with Bitbucket Pipelines. Bitbucket Data Center is bitbucket-server.',
    }),
    url: apiUrl({
      example: API_URL,
      except: 'https://(?:www\\.)?bitbucket\\.org|https://api\\.bitbucket\\.org/[0-9.]+',
      suggest: (found) => (/^(?:https?:\/\/)?(?:\w+\.)?bitbucket\.org\b/.test(found) ? API_URL : undefined),
    })
      .default(API_URL)
      .meta({ description: 'URL of the REST API, without its version.', examples: [API_URL] }),
    username: text(/^[^\s:@]+@[^\s:@]+$/, 'the e-mail address of an Atlassian account, for API tokens only')
      .meta({
        description:
          'E-mail address of the account that an API token belongs to. The token needs the scopes ' +
          'read:pipeline:bitbucket, read:pullrequest:bitbucket and read:repository:bitbucket. ' +
          'Leave it out for an access token.',
        examples: ['greenpin@example.com'],
      })
      .optional(),
    tokenEnv: tokenEnv(MAY, 'BITBUCKET_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/bitbucket/token'),
    caFile: caFile('Bitbucket, for example behind a proxy that inspects TLS'),
  },
  {
    title: 'Bitbucket Cloud connection',
    description:
      'Without credentials, only public repositories can be read, at 60 calls an hour. With credentials, 1,000.',
  },
  [
    combinations(
      [[], ['tokenEnv'], ['tokenFile'], ['username', 'tokenEnv'], ['username', 'tokenFile']],
      'at most one of tokenEnv and tokenFile, and username only with one of them',
    ),
  ],
);
