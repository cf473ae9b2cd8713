/** Rendering refuses values that would not work: all at once, one line each, or by the schema. */
import { describe, expect, it } from 'vitest';
import { eachHelm, helm, template, withoutHelm } from './helm.ts';
import { CHART } from './values-file.ts';

const SHARED = 'because replicas must share their store';

describe.skipIf(withoutHelm).for(eachHelm)('helm $version refuses', ({ command }) => {
  const refuse = async (values: unknown) => {
    const { status, stdout, stderr } = await template(command, { files: ['minimal'], values });
    expect([status, stdout]).toEqual([1, '']);
    return stderr.split('\n');
  };

  it('a missing configuration, and names what is missing', async () => {
    const options = ['--kube-version', '1.34.0', '--set', 'token.existingSecret=a'];
    const { status, stderr } = await helm(command, ['template', 'greenpin', CHART, ...options]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^config\.connections: found none, expected a connection to CI, for example/m);
    expect(stderr).toMatch(/^config\.projects: found none, expected a project, for example/m);
  });

  it('no connection only while a project asks CI', async () => {
    const images = { front: 'ghcr.io/acme/front:{commit}' };
    const shop = { builds: 'registry', repository: 'acme/shop', images };
    const token = { existingSecret: 'a' };
    expect(await template(command, { values: { token, config: { projects: { shop } } } })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const projects = { shop, blog: { ...shop, builds: 'runs' } };
    const { stderr } = await template(command, { values: { token, config: { projects } } });
    expect(stderr).toMatch(/^config\.connections: found none/m);
  });

  it.for<[string, unknown]>([
    [
      `replicas: found 2 with config.store.kind sqlite, expected 1, or config.store.kind: redis, ${SHARED}`,
      { replicas: 2 },
    ],
    [
      `replicas: found 3 with config.store.kind memory, expected 1, or config.store.kind: redis, ${SHARED}`,
      { replicas: 3, config: { store: { kind: 'memory' } } },
    ],
    [
      `autoscaling.enabled: found true with config.store.kind sqlite, expected config.store.kind: redis, ${SHARED}`,
      { autoscaling: { enabled: true } },
    ],
    [
      'autoscaling.minReplicas: found 9, expected at most maxReplicas (5)',
      {
        autoscaling: { enabled: true, minReplicas: 9 },
        config: { store: { kind: 'redis', url: 'redis://a' } },
      },
    ],
    [
      'autoscaling.targetCPUUtilizationPercentage: found none, expected a percentage, or autoscaling.metrics',
      {
        autoscaling: { enabled: true, targetCPUUtilizationPercentage: null },
        config: { store: { kind: 'redis', url: 'redis://a' } },
      },
    ],
    [
      "config.server.port: found 80, expected 4355 (or none); the Service's port is service.port",
      { config: { server: { port: 80 } } },
    ],
    ['config.management.port: found 80, expected 9464 (or none)', { config: { management: { port: 80 } } }],
    [
      'config.server.host: found 127.0.0.1, expected none (or ::), because calls come from outside the pod',
      { config: { server: { host: '127.0.0.1' } } },
    ],
    [
      'config.server.tokenFile: found /token, expected /var/run/argo/token (or none); token.existingSecret names your own Secret',
      { config: { server: { tokenFile: '/token' } } },
    ],
    [
      'config.server.tokenEnv: found TOKEN, expected none; the chart mounts the token, and token.existingSecret names your own Secret',
      { config: { server: { tokenEnv: 'TOKEN' } } },
    ],
    [
      'config.store.path: found ./greenpin.db, expected /var/lib/greenpin/greenpin.db (or none); persistence chooses the volume',
      { config: { store: { kind: 'sqlite', path: './greenpin.db' } } },
    ],
    [
      'argocd.configMap.requestTimeout: found 20, expected more than config.server.deadline (20 s), so that Argo CD does not give up before Greenpin answers',
      { argocd: { configMap: { requestTimeout: 20 } } },
    ],
    [
      'config.registries.ghcr.io.passwordEnv: found GHCR_TOKEN, which nothing sets, expected env.GHCR_TOKEN, for example {secretName: greenpin-secrets, key: GHCR_TOKEN}',
      { config: { registries: { 'ghcr.io': { username: 'a', passwordEnv: 'GHCR_TOKEN' } } } },
    ],
    [
      'config.dockerConfigFiles.0: found /var/run/secrets/pull/.dockerconfigjson, which nothing mounts, expected secretFiles.pull, for example {secretName: pull}',
      { config: { dockerConfigFiles: ['/var/run/secrets/pull/.dockerconfigjson'] } },
    ],
    [
      'config.connections.github.caFile: found ca.crt, which nothing mounts, expected certificates, for example {configMap: company-ca}',
      { config: { connections: { github: { caFile: 'ca.crt' } } } },
    ],
    [
      'config.connections.github.caFile: found /etc/greenpin/ca.crt, which nothing mounts, expected certificates, for example {configMap: company-ca}',
      { config: { connections: { github: { caFile: '/etc/greenpin/ca.crt' } } } },
    ],
    [
      'config.dockerConfigFiles.0: found docker/config.json, which nothing mounts, expected a file from secretFiles, for example /var/run/secrets/NAME/config.json',
      { config: { dockerConfigFiles: ['docker/config.json'] }, certificates: { configMap: 'a' } },
    ],
    [
      'metrics.prometheusRule.enabled: found true without metrics.serviceMonitor.enabled, expected both, or the label job of your scrapes in metrics.prometheusRule.job',
      { metrics: { prometheusRule: { enabled: true } } },
    ],
    [
      'certificates: found configMap and secret, expected one of configMap, secret and pem',
      { certificates: { configMap: 'a', secret: 'b' } },
    ],
    [
      "env.GREENPIN_CONFIG: found a value, expected none; the chart sets it, and config is the file's content",
      { env: { GREENPIN_CONFIG: 'a' } },
    ],
    [
      'env.NODE_EXTRA_CA_CERTS: found a value in addition to certificates, expected only one of the two',
      { env: { NODE_EXTRA_CA_CERTS: 'a' }, certificates: { secret: 'b' } },
    ],
  ])('with %s', async ([line, values]) => {
    expect(await refuse(values)).toContain(line);
  });

  const VARIABLE =
    'found a secret or an invalid name, expected the name of a variable, for example GITHUB_TOKEN, and env.GITHUB_TOKEN: {secretName: greenpin-secrets, key: github}';
  const FILE =
    'found a secret or an invalid path, expected a file that contains the secret, for example /var/run/secrets/github/token, and secretFiles.github: {secretName: greenpin-secrets}';
  const MOUNTED = 'expected /var/run/argo/token (or none); token.existingSecret names your own Secret';

  it.for<[string, (secret: string) => unknown]>([
    [
      `config.connections.github.tokenEnv: ${VARIABLE}`,
      (tokenEnv) => ({ connections: { github: { tokenEnv } } }),
    ],
    [
      `config.connections.other.tokenFile: ${FILE}`,
      (tokenFile) => ({ connections: { other: { kind: 'github', tokenFile } } }),
    ],
    [
      `config.connections.other.app.privateKeyFile: ${FILE}`,
      (privateKeyFile) => ({
        connections: { other: { kind: 'github', app: { id: 1, installationId: 2, privateKeyFile } } },
      }),
    ],
    [
      `config.registries.ghcr.io.passwordEnv: ${VARIABLE}`,
      (passwordEnv) => ({ registries: { 'ghcr.io': { username: 'a', passwordEnv } } }),
    ],
    [`config.dockerConfigFiles.0: ${FILE}`, (file) => ({ dockerConfigFiles: [file] })],
    [
      `config.store.passwordFile: ${FILE}`,
      (passwordFile) => ({ store: { kind: 'redis', url: 'redis://a', passwordFile } }),
    ],
    [`config.server.tokenFile: found a secret, ${MOUNTED}`, (tokenFile) => ({ server: { tokenFile } })],
  ])('a pasted secret, in one line that does not show it: %s', async ([line, config]) => {
    const secrets = ['ghp_0123456789abcdef', 'glpat-0123456789abcdef'];
    if (line.includes(`File: ${FILE}`)) secrets.push('-----BEGIN PRIVATE KEY-----\nMII\n');
    if (line.includes(VARIABLE)) secrets.push('0123456789abcdef0123456789abcdef01234567');
    for (const secret of secrets) {
      const lines = await refuse({ config: config(secret) });
      expect(lines.filter((text) => text.startsWith('config.'))).toEqual([line]);
      expect(lines.join('\n')).not.toMatch(/ghp_|glpat-|BEGIN|0123/);
    }
  });

  it('all problems at once', async () => {
    const lines = await refuse({ replicas: 2, config: { server: { port: 80, deadline: '30s' } } });
    expect(
      lines.map(
        (line) => /^(?:replicas|config\.server\.port|argocd\.configMap\.requestTimeout)/.exec(line)?.[0],
      ),
    ).toEqual(expect.arrayContaining(['replicas', 'config.server.port', 'argocd.configMap.requestTimeout']));
  });

  it.for<[string, unknown]>([
    ["'replicsa' not allowed", { replicsa: 2 }],
    ["'freshfor' not allowed", { config: { freshfor: '15s' } }],
    ["'repo' not allowed", { config: { projects: { shop: { repo: 'acme/shop' } } } }],
    ["'hots' not allowed", { argocd: { hots: 'a' } }],
    ['does not match pattern', { config: { freshFor: '15' } }],
    ['does not match pattern', { podDisruptionBudget: { maxUnavailable: 'one' } }],
    ["additional properties 'name' not allowed", { env: { A: { name: 'a', key: 'b' } } }],
    ["'ReadWriteOnce', 'ReadWriteOncePod'", { persistence: { accessMode: 'ReadWriteMany' } }],
  ])('by the schema: %s', async ([said, values]) => {
    const text = (await refuse(values)).join('\n');
    expect(text).toContain("values don't meet the specifications of the schema");
    expect(text).toContain(said);
  });
});
