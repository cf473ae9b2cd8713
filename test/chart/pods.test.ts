/** How pods run and are replaced, and what they may reach. */
import { describe, expect, inject, it } from 'vitest';
import { pick, renderObjects, type KubernetesObject } from './helm.ts';

const { helms } = inject('chartTools');
const command = helms[0]?.command ?? '';
const REDIS = { store: { kind: 'redis', url: 'redis://redis' } };

interface Deployment {
  readonly spec: {
    readonly strategy: { readonly type: string; readonly rollingUpdate?: unknown };
    readonly template: {
      readonly metadata: KubernetesObject['metadata'];
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly volumes: readonly Record<string, unknown>[];
        readonly containers: readonly {
          readonly image: string;
          readonly lifecycle?: unknown;
          readonly volumeMounts: readonly { name: string; mountPath: string }[];
        }[];
      };
    };
  };
}

async function deployment(values: unknown = {}, file = 'minimal'): Promise<Deployment> {
  const objects = await renderObjects(command, { files: [file], values });
  return pick(objects, 'Deployment') as unknown as Deployment;
}

async function checksum(values: unknown): Promise<string | undefined> {
  return (await deployment(values)).spec.template.metadata.annotations?.['checksum/config'];
}

function pem(text: string): unknown {
  return { certificates: { pem: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n` } };
}

describe.skipIf(helms.length === 0)('the pods', () => {
  it('are replaced only if the configuration or inline certificates change', async () => {
    const sums = await Promise.all(
      [{}, { config: { freshFor: '20s' } }, pem('one'), pem('two'), { service: { port: 80 } }].map(checksum),
    );
    expect(sums.at(-1)).toBe(sums[0]);
    expect(new Set(sums).size).toBe(4);
    expect(sums[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it.for<[string, unknown, string]>([
    ["with a claim one after the other: the store's file has one writer", {}, 'Recreate'],
    ['with a claim of the user too', { persistence: { existingClaim: 'a' } }, 'Recreate'],
    ['without a claim without a gap', { persistence: { enabled: false } }, 'RollingUpdate'],
    ['with Redis without a gap', { config: REDIS }, 'RollingUpdate'],
  ])('are replaced %s', async ([, values, type]) => {
    const { strategy } = (await deployment(values)).spec;
    const rolling = { type, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    expect(strategy).toEqual(type === 'Recreate' ? { type } : rolling);
  });

  it.for<[string, number, number]>([
    ['20s', 10, 40],
    ['1500ms', 10, 22],
    ['1.5m', 0, 100],
    ['0.5h', 30, 1840],
  ])(
    'with a deadline of %s and %i s to drain have %i s to stop',
    async ([deadline, drainSeconds, wanted]) => {
      const values = {
        config: { server: { deadline } },
        drainSeconds,
        argocd: { configMap: { requestTimeout: 3600 } },
      };
      const { terminationGracePeriodSeconds, containers } = (await deployment(values)).spec.template.spec;
      expect(terminationGracePeriodSeconds).toBe(wanted);
      const sleep = { preStop: { sleep: { seconds: drainSeconds } } };
      expect(containers[0]?.lifecycle).toEqual(drainSeconds === 0 ? undefined : sleep);
    },
  );

  it.for<[string, unknown, object | undefined]>([
    ['a claim', {}, { persistentVolumeClaim: { claimName: 'greenpin' } }],
    [
      'a claim of the user',
      { persistence: { existingClaim: 'mine' } },
      { persistentVolumeClaim: { claimName: 'mine' } },
    ],
    ['the node', { persistence: { enabled: false } }, { emptyDir: { sizeLimit: '1Gi' } }],
    ['nothing, with Redis', { config: REDIS }, undefined],
    ['nothing, in memory', { config: { store: { kind: 'memory' } } }, undefined],
  ])('keep the store on %s', async ([, values, wanted]) => {
    const { volumes, containers } = (await deployment(values)).spec.template.spec;
    const volume = volumes.find(({ name }) => name === 'store');
    expect(volume).toEqual(wanted && { name: 'store', ...wanted });
    const mounted = containers[0]?.volumeMounts.some(({ mountPath }) => mountPath === '/var/lib/greenpin');
    expect(mounted).toBe(wanted !== undefined);
  });

  it.for<[unknown, string]>([
    [{}, 'ghcr.io/greenpin/greenpin:0.1.0'],
    [{ image: { tag: 'edge' } }, 'ghcr.io/greenpin/greenpin:edge'],
    [
      { image: { tag: 'edge', digest: `sha256:${'a'.repeat(64)}` } },
      `ghcr.io/greenpin/greenpin@sha256:${'a'.repeat(64)}`,
    ],
  ])('with %j run %s', async ([values, image]) => {
    expect((await deployment(values)).spec.template.spec.containers[0]?.image).toBe(image);
  });

  it('without runAsUser, as OpenShift requires, keep the rest of the security context', async () => {
    const { spec } = (await deployment({}, 'company')).spec.template;
    expect(spec).toMatchObject({ securityContext: { runAsNonRoot: true } });
    expect(JSON.stringify(spec)).not.toMatch(/runAsUser|fsGroup"/);
  });
});

interface NetworkPolicy {
  readonly spec: {
    readonly policyTypes: readonly string[];
    readonly ingress: readonly {
      readonly from?: readonly { readonly podSelector?: { readonly matchLabels: object } }[];
      readonly ports: readonly { port: number | string }[];
    }[];
    readonly egress: readonly {
      readonly to?: unknown;
      readonly ports: readonly { port: number | string }[];
    }[];
  };
}

interface Service {
  readonly spec: {
    readonly ipFamilyPolicy?: string;
    readonly ipFamilies?: readonly string[];
    readonly ports: readonly Readonly<Record<string, unknown>>[];
  };
}

describe.skipIf(helms.length === 0)('the Service that Argo CD calls', () => {
  it('names no protocol by which a load balancer would probe /, which is refused', async () => {
    const objects = await renderObjects(command, { files: ['company'] });
    const { spec } = objects.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === 'company-pins',
    ) as unknown as Service;
    expect(spec.ports).toEqual([{ name: 'plugin', port: 80, targetPort: 'plugin' }]);
  });
});

/** IP families of both Services. */
async function families(service: object) {
  const objects = await renderObjects(command, { files: ['minimal'], values: { service } });
  const services = objects.filter(({ kind }) => kind === 'Service') as unknown as Service[];
  return services.map(({ spec }) => ({ policy: spec.ipFamilyPolicy, families: spec.ipFamilies }));
}

async function policies(values: unknown) {
  const objects = await renderObjects(command, { files: ['minimal'], values });
  return objects.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as NetworkPolicy[];
}

/** Labels of the admitted pods, and the ports. */
async function peers(values: unknown) {
  const [policy] = await policies(values);
  return policy?.spec.ingress.map(({ from, ports }) => [
    from?.map(({ podSelector }) => podSelector?.matchLabels),
    ports.map(({ port }) => port),
  ]);
}

describe.skipIf(helms.length === 0)('the Services', () => {
  it("have the configured IP families, by default the cluster's", async () => {
    const none = { policy: undefined, families: undefined };
    expect(await families({})).toEqual([none, none]);
    const both = { policy: 'PreferDualStack', families: ['IPv6', 'IPv4'] };
    expect(await families({ ipFamilyPolicy: both.policy, ipFamilies: both.families })).toEqual([both, both]);
    const six = { policy: undefined, families: ['IPv6'] };
    expect(await families({ ipFamilies: six.families })).toEqual([six, six]);
  });
});

describe.skipIf(helms.length === 0)('the configuration in the pod', () => {
  it.for(['minimal', 'redis', 'certificates', 'clouds'])(
    'of %s names no address to listen on: Greenpin knows what there is, IPv4, IPv6 or both',
    async (file) => {
      const objects = await renderObjects(command, { files: [file] });
      const { data } = pick(objects, 'ConfigMap', '-config') as unknown as { data: Record<string, string> };
      expect(data['greenpin.yaml']).not.toMatch(/0\.0\.0\.0|host:/);
    },
  );
});

describe.skipIf(helms.length === 0)('the network policy', () => {
  const CONTROLLER = { 'app.kubernetes.io/name': 'argocd-applicationset-controller' };
  const SERVER = { 'app.kubernetes.io/name': 'argocd-server' };
  const METRICS = [undefined, ['management']];

  it("admits Argo CD's controller and server by namespace and labels, and everyone to the metrics", async () => {
    expect(await peers({})).toEqual([[[CONTROLLER, SERVER], ['plugin']], METRICS]);
    const values = {
      argocd: { namespace: 'openshift-gitops' },
      networkPolicy: {
        controllerLabels: { 'app.kubernetes.io/name': 'openshift-gitops-applicationset-controller' },
        serverLabels: { 'app.kubernetes.io/name': 'openshift-gitops-server' },
      },
    };
    expect(await peers(values)).toEqual([
      [[values.networkPolicy.controllerLabels, values.networkPolicy.serverLabels], ['plugin']],
      METRICS,
    ]);
    const [policy] = await policies(values);
    expect(JSON.stringify(policy?.spec.ingress[0])).toContain(
      '"kubernetes.io/metadata.name":"openshift-gitops"',
    );
  });

  it('does not admit argocd-server if its labels are null', async () => {
    expect(await peers({ networkPolicy: { serverLabels: null } })).toEqual([
      [[CONTROLLER], ['plugin']],
      METRICS,
    ]);
  });

  it.for<[string, unknown, number]>([
    ['rendered by default', {}, 1],
    ['left out if calls come through a load balancer', { service: { type: 'LoadBalancer' } }, 0],
    [
      'left out if calls come through another URL',
      { argocd: { configMap: { baseUrl: 'https://pins.example.com' } } },
      0,
    ],
    ['left out if Argo CD is in another cluster', { argocd: { configMap: { create: false } } }, 0],
    [
      'rendered if enabled, whatever the source of calls',
      { networkPolicy: { enabled: true }, service: { type: 'NodePort' } },
      1,
    ],
    ['left out if disabled', { networkPolicy: { enabled: false } }, 0],
  ])('is %s', async ([, values, count]) => {
    expect(await policies(values)).toHaveLength(count);
  });

  it('restricts egress only on request, because not every token service is known', async () => {
    const [policy] = await policies({});
    expect([policy?.spec.policyTypes, policy?.spec.egress]).toEqual([['Ingress'], undefined]);
    const [both] = await policies({ networkPolicy: { egress: true } });
    expect(both?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
  });

  it.for<[string, unknown, number[]]>([
    ['nothing else', {}, [443]],
    ['Redis without a port', { config: REDIS }, [443, 6379]],
    ['Redis with a port', { config: { store: { kind: 'redis', url: 'redis://u@a:7000/1' } } }, [443, 7000]],
    ['Redis in IPv6', { config: { store: { kind: 'redis', url: 'redis://[fd00::1]' } } }, [443, 6379]],
    [
      'a registry with a port',
      { config: { registries: { 'registry.local:5000': { http: true } } } },
      [443, 5000],
    ],
    [
      'a registry with plain http',
      { config: { registries: { 'registry.local': { http: true } } } },
      [443, 80],
    ],
    [
      'an image with a port',
      { config: { projects: { shop: { images: { b: { reference: 'r.example.com:5001/b:{commit}' } } } } } },
      [443, 5001],
    ],
    [
      'CI with a port',
      { config: { connections: { github: { url: 'https://a.example.com:8443/api/v3' } } } },
      [443, 8443],
    ],
    ['a proxy', { env: { HTTPS_PROXY: 'http://user@proxy:3128' } }, [443, 3128]],
    ['a proxy without a port', { env: { HTTP_PROXY: 'http://proxy' } }, [443, 80]],
  ])('allows egress to DNS and, with %s, to %j', async ([, values, wanted]) => {
    const own = { networkPolicy: { egress: true }, ...(values as object) };
    const objects = await renderObjects(command, { files: ['minimal'], values: own });
    const { egress } = (pick(objects, 'NetworkPolicy') as unknown as NetworkPolicy).spec;
    const ports = egress.map((rule) => rule.ports.map(({ port }) => port));
    expect(ports[0]).toEqual([53, 53, 5353, 5353]);
    expect(ports[1]?.map(Number).toSorted((a, b) => a - b)).toEqual(wanted.toSorted((a, b) => a - b));
    expect(ports).toHaveLength(2);
  });

  it('allows egress to the metadata services if a registry has an identity', async () => {
    const objects = await renderObjects(command, { files: ['clouds'] });
    const { egress } = (pick(objects, 'NetworkPolicy') as unknown as NetworkPolicy).spec;
    expect(egress[2]?.to).toEqual([
      { ipBlock: { cidr: '169.254.0.0/16' } },
      { ipBlock: { cidr: 'fd00:ec2::/32' } },
      { ipBlock: { cidr: 'fd20:ce::254/128' } },
    ]);
  });
});
