/**
 * The schema of the configuration file: the source of its validation, types, JSON Schema and reference.
 * Checks that a schema cannot express (references between sections, templates, limits of durations) are in
 * `cross-checks.ts`.
 */
import { z } from 'zod';
import { connectionSchema } from '../ci/kinds.ts';
import { DURATION_EXPECTED, DURATION_PATTERN } from '../schema/duration.ts';
import { atMostOne, mapping, named, text, whole } from '../schema/fields.ts';
import { ADDRESS, DEFAULT_MANAGEMENT, HIGHEST_PORT } from './management-address.ts';
import { entryName, projectSchema } from './project.ts';
import { checkProjectKinds, CONNECTION_RULE } from './project-kinds.ts';
import { registryHost, registrySchema } from '../registry/settings.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import { storeSchema } from '../store/settings.ts';
import { secretFile, secretVariable } from '../schema/files.ts';

/** The path at which Argo CD's documentation mounts the plugin's token. */
export const DEFAULT_TOKEN_FILE = '/var/run/argo/token';

const EVERY_ADDRESS = 'With ::, it listens on all IPv6 and IPv4 addresses; without IPv6, :: means 0.0.0.0.';
const address = text(
  ADDRESS,
  'a host name or an IP address to listen on, for example 0.0.0.0 or ::1',
  // The port has its own key, and brackets are used only in URLs.
  (found) =>
    /^(?:https?:\/\/)?(?:\[([A-Fa-f0-9:.]+)\]|([\w.-]+))(?::\d+)?\/?$/.exec(found)?.slice(1).find(Boolean),
);
const port = whole(0, HIGHEST_PORT, 'a port from 0 to 65535, where 0 lets the system choose');
const duration = text(DURATION_PATTERN, DURATION_EXPECTED);

const serverSchema = mapping(
  {
    host: address
      .default('::')
      .meta({ description: `The address that the plugin listens on. ${EVERY_ADDRESS}` }),
    port: port.default(4355).meta({ description: 'The port that the plugin listens on.' }),
    tokenFile: secretFile(
      `A file with the token that Argo CD sends, one token per line. It is read again when it changes. The default is ${DEFAULT_TOKEN_FILE}, unless tokenEnv is set.`,
      DEFAULT_TOKEN_FILE,
    ).optional(),
    tokenEnv: secretVariable(
      'The environment variable with the token that Argo CD sends.',
      'PLUGIN_TOKEN',
    ).optional(),
    deadline: duration.default('20s').meta({
      description:
        "The time limit for an answer. When it is reached, the last good answer is returned, or an error. Keep it below Argo CD's requestTimeout (30s).",
    }),
    patience: duration.default('2s').meta({
      description:
        'How long a call waits for a newer answer if there is a last good one. At most server.deadline; with 0s, it does not wait.',
    }),
  },
  { title: 'Server', description: 'The server that Argo CD calls.' },
  [atMostOne('tokenFile', 'tokenEnv')],
);

const managementSchema = mapping(
  {
    host: address
      .default(DEFAULT_MANAGEMENT.host)
      .meta({ description: `The address that the management server listens on. ${EVERY_ADDRESS}` }),
    port: port
      .default(DEFAULT_MANAGEMENT.port)
      .meta({ description: 'The port of /healthz, /readyz and /metrics.' }),
  },
  { title: 'Management', description: 'The server for health checks and metrics, on its own port.' },
);

export const configSchema = mapping(
  {
    server: serverSchema.prefault({}),
    management: managementSchema.prefault({}),
    freshFor: duration.default('15s').meta({
      description:
        'The maximum age of an answer while CI and the registries respond. Half of requeueAfterSeconds is a good value.',
      examples: ['15s', '500ms'],
    }),
    maxFreshFor: duration.default('5m').meta({
      description: 'The upper limit for freshFor when less than 20% of an API quota is left.',
    }),
    store: storeSchema.prefault({ kind: 'sqlite' }),
    connections: named(entryName, connectionSchema, 0, {
      title: 'Connections',
      description:
        'Connections to CI systems and Git hosts, by names of your choice. At least one, unless every project has builds: registry.',
    }).optional(),
    registries: named(registryHost, registrySchema, 0, {
      title: 'Registries',
      description: 'Registries by HOST or HOST:PORT. Public images and registries on loopback need no entry.',
    }).default({}),
    dockerConfigFiles: z
      .array(
        text(
          new RegExp(`^(?!~[^/])${ONE_LINE}$`),
          'the path of a file, for example /var/run/secrets/registry/.dockerconfigjson',
        ),
        { error: 'a list of paths' },
      )
      .default([])
      .meta({
        description:
          'Docker configuration files with registry credentials. A relative path starts at the folder of the configuration file, and ~/ at the home directory.',
        examples: [['/var/run/secrets/registry/.dockerconfigjson']],
      }),
    projects: named(entryName, projectSchema, 1, {
      title: 'Projects',
      description: 'Projects by the name that Argo CD passes as the parameter project.',
    }),
  },
  {
    title: 'Greenpin configuration',
    description: 'The configuration file greenpin.yaml: where builds come from and which images they push.',
  },
  [CONNECTION_RULE],
).superRefine(checkProjectKinds, { when: () => true });

/** A validated file with defaults. */
export type ConfigDocument = z.output<typeof configSchema>;

/** @returns the file's JSON Schema (draft 2020-12) as people write it: keys with a default are optional */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' });
}
