/**
 * The configuration file (design §3): the one source for the check at the start, the types and the printed JSON Schema.
 * What a schema can't say (references between sections, templates, limits of durations) is in `rules.ts`.
 */
import { z } from 'zod';
import { ciSchema } from '../ci/github/settings.ts';
import { DURATION_EXPECTED, DURATION_PATTERN } from '../schema/duration.ts';
import { atMostOne, mapping, named, text, whole } from '../schema/fields.ts';
import { ADDRESS, DEFAULT_MANAGEMENT, HIGHEST_PORT } from './management-address.ts';
import { entryName, projectSchema } from './project.ts';
import { registryHost, registrySchema } from '../registry/settings.ts';
import { ONE_LINE } from '../text/secret-like.ts';
import { storeSchema } from '../store/settings.ts';
import { secretFile, secretVariable } from '../schema/secret-source.ts';

/** Where Argo CD's documentation mounts the plugin's token. */
export const DEFAULT_TOKEN_FILE = '/var/run/argo/token';

const EVERY_ADDRESS = ':: is every address, of IPv4 too; where there is no IPv6 it is 0.0.0.0.';
const address = text(
  ADDRESS,
  'a host name or an IP address to listen on, for example 0.0.0.0 or ::1',
  // The port has a key of its own, and brackets belong to URLs.
  (found) =>
    /^(?:https?:\/\/)?(?:\[([A-Fa-f0-9:.]+)\]|([\w.-]+))(?::\d+)?\/?$/.exec(found)?.slice(1).find(Boolean),
);
const port = whole(0, HIGHEST_PORT, 'a port from 0 to 65535, where 0 lets the system choose');
const duration = text(DURATION_PATTERN, DURATION_EXPECTED);

const serverSchema = mapping(
  {
    host: address.default('::').meta({ description: `Address that the plugin listens on. ${EVERY_ADDRESS}` }),
    port: port.default(4355).meta({ description: 'Port that the plugin listens on.' }),
    tokenFile: secretFile(
      `File with the token that Argo CD sends; it is read again when it changes. ${DEFAULT_TOKEN_FILE}, unless tokenEnv is given.`,
      DEFAULT_TOKEN_FILE,
    ).optional(),
    tokenEnv: secretVariable(
      'Environment variable with the token that Argo CD sends.',
      'PLUGIN_TOKEN',
    ).optional(),
    deadline: duration.default('20s').meta({
      description:
        "An answer is given within this time, from what is known if need be. Keep it below Argo CD's requestTimeout (30 s).",
    }),
    patience: duration.default('2s').meta({
      description:
        'How long a caller for whom an answer is known waits for a newer one. At most server.deadline; 0s: not at all.',
    }),
  },
  { title: 'Server', description: 'The plugin as Argo CD calls it.' },
  [atMostOne('tokenFile', 'tokenEnv')],
);

const managementSchema = mapping(
  {
    host: address
      .default(DEFAULT_MANAGEMENT.host)
      .meta({ description: `Address of the management port. ${EVERY_ADDRESS}` }),
    port: port
      .default(DEFAULT_MANAGEMENT.port)
      .meta({ description: 'Port of /healthz, /readyz and /metrics.' }),
  },
  { title: 'Management', description: 'Health and metrics, on a port of their own.' },
);

export const configSchema = mapping(
  {
    server: serverSchema.prefault({}),
    management: managementSchema.prefault({}),
    freshFor: duration.default('15s').meta({
      description:
        'No answer is older than this while CI and the registries answer. Half of requeueAfterSeconds is a good value.',
      examples: ['15s', '500ms'],
    }),
    maxFreshFor: duration.default('5m').meta({
      description: 'How far freshFor is stretched when the quota of an API comes to its end.',
    }),
    store: storeSchema.prefault({ kind: 'sqlite' }),
    connections: named(entryName, ciSchema, 1, {
      title: 'Connections',
      description: 'Connections to CI systems and Git hosts, by a name of your choosing.',
    }),
    registries: named(registryHost, registrySchema, 0, {
      title: 'Registries',
      description: 'By HOST or HOST:PORT; public images and registries on loopback need no entry.',
    }).default({}),
    dockerConfigFiles: z
      .array(
        text(
          new RegExp(`^(?!~[^/])${ONE_LINE}$`),
          "a file's path, for example /var/run/secrets/registry/.dockerconfigjson",
        ),
        { error: "a list of files' paths" },
      )
      .default([])
      .meta({
        description:
          "Docker configuration files with credentials of registries. A relative path starts at the configuration file's folder; ~/ is the home.",
        examples: [['/var/run/secrets/registry/.dockerconfigjson']],
      }),
    projects: named(entryName, projectSchema, 1, {
      title: 'Projects',
      description: 'By the name that Argo CD passes as the parameter project.',
    }),
  },
  {
    title: 'Greenpin configuration',
    description: 'greenpin.yaml: where builds come from, and which images they push.',
  },
);

/** A file that satisfies the schema, with defaults filled in. */
export type ConfigDocument = z.output<typeof configSchema>;
