/** Keys of a connection to CircleCI: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const CLOUD = 'https://circleci.com';
const MAY = 'a personal API token of a user who may see the project; project tokens do not work';

const url = apiUrl({
  example: CLOUD,
  // People read runs at app.circleci.com, and the paths of the API begin with its version.
  except:
    'https://(?:app|www)\\.circleci\\.com|https://circleci\\.com/[^/]+|https?://[^?]*/api(?:/v[0-9.]+)?',
  suggest: (found) => {
    if (/^(?:https?:\/\/)?(?:app\.|www\.)?circleci\.com(?:\/|$)/.test(found)) return CLOUD;
    const [, root] = /^(https?:\/\/[^?]+?)\/api(?:\/v[\d.]+)?\/?$/.exec(found) ?? [];
    return root;
  },
});

export const circleciConnectionSchema = mapping(
  {
    kind: z.literal('circleci').meta({ description: 'CircleCI, by its API v3.' }),
    url: url.default(CLOUD).meta({
      description: 'URL of CircleCI, without the path of the API. A server must have API v3.',
      examples: [CLOUD],
    }),
    tokenEnv: tokenEnv(MAY, 'CIRCLECI_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/circleci/token'),
    caFile: caFile('a CircleCI server'),
  },
  {
    title: 'CircleCI connection',
    description:
      'CircleCI is not a Git host. A project with pull requests names the connection to its Git host in git.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
