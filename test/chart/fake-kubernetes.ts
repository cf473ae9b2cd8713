/**
 * The part of the Kubernetes API that helm needs to install, upgrade and uninstall. It stores objects without
 * validating them. An unexpected request fails, and helm with it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { readBody } from './protobuf-secret.ts';

type Item = Record<string, unknown> & { metadata: { labels?: Record<string, string> } };

export interface FakeKubernetes extends AsyncDisposable {
  readonly url: string;
  /** Objects by their path, such as `/api/v1/namespaces/argocd/secrets/greenpin-token`. */
  readonly objects: Map<string, Item>;
}

/** Plural names by API group, version and kind. */
const RESOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {
    Namespace: 'namespaces',
    Secret: 'secrets',
    ConfigMap: 'configmaps',
    Service: 'services',
    ServiceAccount: 'serviceaccounts',
    PersistentVolumeClaim: 'persistentvolumeclaims',
  },
  'apps/v1': { Deployment: 'deployments' },
  'policy/v1': { PodDisruptionBudget: 'poddisruptionbudgets' },
  'networking.k8s.io/v1': { NetworkPolicy: 'networkpolicies' },
};

/** Listens on loopback. */
export async function startFakeKubernetes(): Promise<FakeKubernetes> {
  const objects = new Map<string, Item>();
  const server = createServer((request, response) => {
    void buffer(request)
      .then((body) => answer(objects, request, readBody(body) as Change | undefined))
      .catch((error: unknown) => failure(500, String(error)))
      .then(({ status, item }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(item)),
      );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly item: unknown;
}

type Change = Item & { readonly metadata: { readonly name: string } };

function answer(objects: Map<string, Item>, request: IncomingMessage, change: Change | undefined): Answer {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://kubernetes');
  const known = discover(pathname);
  if (known !== undefined) return { status: 200, item: known };
  const stored = objects.get(pathname);
  switch (request.method ?? '') {
    case 'GET':
      if (/\/[a-z]+$/.test(pathname) && isCollection(pathname)) {
        return { status: 200, item: list(objects, pathname, searchParams.get('labelSelector') ?? '') };
      }
      return stored === undefined ? failure(404, 'NotFound') : { status: 200, item: stored };
    case 'POST':
      if (!change || objects.has(`${pathname}/${change.metadata.name}`)) return failure(409, 'AlreadyExists');
      return store(objects, `${pathname}/${change.metadata.name}`, change);
    case 'PUT':
      return change ? store(objects, pathname, change) : failure(400, 'BadRequest');
    case 'PATCH':
      return change ? store(objects, pathname, merge(stored, change)) : failure(400, 'BadRequest');
    case 'DELETE':
      return objects.delete(pathname)
        ? { status: 200, item: { kind: 'Status', apiVersion: 'v1', status: 'Success' } }
        : failure(404, 'NotFound');
    default:
      return failure(405, 'MethodNotAllowed');
  }
}

function discover(path: string): unknown {
  if (path === '/version') return { major: '1', minor: '34', gitVersion: 'v1.34.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = Object.keys(RESOURCES).filter((version) => version.includes('/'));
  if (path === '/apis') {
    const entries = groups.map((groupVersion) => {
      const [name, version] = groupVersion.split('/');
      return {
        name,
        versions: [{ groupVersion, version }],
        preferredVersion: { groupVersion, version },
      };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: entries };
  }
  const groupVersion = path.replace(/^\/apis?\//, '');
  const kinds = RESOURCES[groupVersion];
  if (kinds === undefined) return undefined;
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update'];
  const resources = Object.entries(kinds).map(([kind, name]) => ({
    name,
    singularName: kind.toLowerCase(),
    kind,
    verbs,
    namespaced: kind !== 'Namespace',
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function isCollection(path: string): boolean {
  const last = path.slice(path.lastIndexOf('/') + 1);
  const names = Object.values(RESOURCES).flatMap((kinds) => Object.values(kinds));
  return names.includes(last);
}

/** Supports equality selectors, by which helm finds its releases. */
function list(objects: Map<string, Item>, path: string, selector: string): unknown {
  const wanted = selector.split(',').filter((part) => part !== '');
  const items = [...objects.entries()]
    .filter(([key]) => key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/'))
    .map(([, item]) => item)
    .filter(({ metadata }) =>
      wanted.every((part) => {
        const [label = '', value] = part.split('=');
        return metadata.labels?.[label] === value;
      }),
    );
  return { kind: 'SecretList', apiVersion: 'v1', items };
}

function store(objects: Map<string, Item>, path: string, item: Item): Answer {
  objects.set(path, item);
  return { status: 200, item };
}

/** A JSON merge patch. For the fields in these tests, every kind of patch has the same result. */
function merge(stored: unknown, change: unknown): Item {
  const base = isMapping(stored) ? { ...stored } : {};
  if (!isMapping(change)) return base as Item;
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete base[key];
    else base[key] = isMapping(value) ? merge(base[key], value) : value;
  }
  return base as Item;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failure(code: number, reason: string): Answer {
  const item = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: reason };
  return { status: code, item };
}
