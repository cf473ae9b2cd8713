import type { Image } from './images.ts';

/** The registry's credentials, if it wants some. */
export interface PushCredentials {
  readonly username: string;
  readonly password: string;
}

/** Pushes as the distribution spec says: blobs in one POST and one PUT, children of an index before the index itself. */
export function createPusher(host: string, credentials?: PushCredentials) {
  const headers: Record<string, string> =
    credentials === undefined
      ? {}
      : { authorization: `Basic ${btoa(`${credentials.username}:${credentials.password}`)}` };

  async function send(method: string, url: URL, status: number, contentType?: string, body?: Buffer) {
    const type: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    const sent = body === undefined ? {} : { body: new Uint8Array(body) };
    const response = await fetch(url, { method, headers: { ...headers, ...type }, ...sent });
    if (response.status !== status) {
      throw new Error(`${method} ${url.pathname}: ${response.status} ${await response.text()}`);
    }
    await response.body?.cancel();
    return response;
  }

  async function pushBlob(repository: string, digest: string, content: Buffer): Promise<void> {
    const start = new URL(`http://${host}/v2/${repository}/blobs/uploads/`);
    const upload = new URL((await send('POST', start, 202)).headers.get('location') ?? '', start);
    upload.searchParams.set('digest', digest);
    await send('PUT', upload, 201, 'application/octet-stream', content);
  }

  /** @returns the digest of what was pushed, as computed here */
  return async function push(repository: string, tag: string, image: Image): Promise<string> {
    for (const child of image.children) await push(repository, child.digest, child);
    for (const blob of image.blobs) await pushBlob(repository, blob.digest, blob.content);
    const url = new URL(`http://${host}/v2/${repository}/manifests/${tag}`);
    await send('PUT', url, 201, image.mediaType, image.content);
    return image.digest;
  };
}
