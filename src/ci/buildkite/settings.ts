/** Keys of a connection to Buildkite: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const API = 'https://api.buildkite.com';
const MAY = 'an API access token with the scopes read_builds and read_pipelines';

const url = apiUrl({
  example: API,
  // People read builds at buildkite.com, and the paths of the API begin with its version.
  except: 'https://(?:(?:www|graphql)\\.)?buildkite\\.com|https?://[^?]*/v2',
  suggest: (found) => {
    if (/^(?:https?:\/\/)?(?:[a-z]+\.)?buildkite\.com(?:\/|$)/.test(found)) return API;
    const [, root] = /^(https?:\/\/[^?]+?)\/v2\/?$/.exec(found) ?? [];
    return root;
  },
});

export const buildkiteConnectionSchema = mapping(
  {
    kind: z.literal('buildkite').meta({ description: 'Buildkite Pipelines.' }),
    url: url.default(API).meta({
      description: 'URL of the REST API, without the version.',
      examples: [API],
    }),
    tokenEnv: tokenEnv(MAY, 'BUILDKITE_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/buildkite/token'),
    caFile: caFile('the proxy in front of the API'),
  },
  {
    title: 'Buildkite connection',
    description:
      'Buildkite is not a Git host. A project with pull requests names the connection to its Git host in git.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
