/** An OCI registry as small as the demo needs: manifests by tag and digest, and a switch to break it. */
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';

export interface DemoRegistry {
  readonly server: Server;
  /** Pushes an image. @returns its digest */
  push(name: string, tag: string): string;
  /** From now on every request is answered with 503 (in maintenance, come back in 5 seconds), until it is mended. */
  breakDown(): void;
  mend(): void;
}

const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export function createRegistryServer(): DemoRegistry {
  /** `name:tag` and `name:digest` to the manifest's text. */
  const manifests = new Map<string, string>();
  let broken = false;
  const server = createServer((request, response) => {
    const match = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.url ?? '');
    const manifest = match === null ? undefined : manifests.get(`${match[1]}:${match[2]}`);
    if (broken) fail(response.setHeader('retry-after', 5), 503, 'UNAVAILABLE', 'the registry is down (demo)');
    else if (request.url === '/v2/') response.end('{}');
    else if (manifest === undefined) fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    else {
      response.writeHead(200, {
        'content-type': MEDIA_TYPE,
        'docker-content-digest': digestOf(manifest),
        'content-length': Buffer.byteLength(manifest),
      });
      response.end(request.method === 'HEAD' ? undefined : manifest);
    }
  });
  return {
    server,
    push(name, tag) {
      const manifest = createManifest(`${name}:${tag}`);
      manifests.set(`${name}:${tag}`, manifest);
      manifests.set(`${name}:${digestOf(manifest)}`, manifest);
      return digestOf(manifest);
    },
    breakDown() {
      broken = true;
    },
    mend() {
      broken = false;
    },
  };
}

/** @param content makes the image differ from others */
function createManifest(content: string): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    config: descriptor('application/vnd.oci.image.config.v1+json', '{}'),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', content)],
  });
}

function descriptor(mediaType: string, text: string): object {
  return { mediaType, digest: digestOf(text), size: Buffer.byteLength(text) };
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}
