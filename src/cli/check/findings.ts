/** Describes the outcome of each probe, with advice. Pure. */
import type { CiConnection } from '../../ci/kind.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { ImageProbe } from '../../registry/client.ts';
import { hintForCi, hintForRegistry } from './hints.ts';
import type { ImageReference } from '../../image/image.ts';
import type { Place } from './places.ts';

/** One row of the table. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'failed';
  /** What was checked: `ci github`, `registry`, `tag`, `file`. */
  readonly subject: string;
  /** The repository, image, path or address that was checked; may be empty. */
  readonly target: string;
  readonly detail: string;
  readonly hint?: string | undefined;
}

export function describeConnection(
  connection: CiConnection,
  place: Place,
  result: string | UpstreamFailure,
): Finding {
  const common = { subject: `ci ${connection.name}`, target: place.target };
  if (typeof result === 'string') return { ...common, level: 'ok', detail: result };
  return { ...common, level: 'failed', detail: result.message, hint: hintForCi(result, connection, place) };
}

/** @param reference the reference probed, with a tag that no build pushes: `absent` is the good outcome */
export function describeImageProbe(
  reference: ImageReference,
  place: Place,
  { result, access }: ImageProbe,
): Finding {
  const { registry } = reference;
  const common = { subject: 'registry', target: place.target };
  if (result.kind === 'failed') {
    const hint = hintForRegistry(result.failure, registry, place, access);
    return { ...common, level: 'failed', detail: result.failure.message, hint };
  }
  if (result.kind === 'absent' && result.missing === 'repository') {
    const hint = `normal before the first push; otherwise check ${place.keys.join(', ')}`;
    return { ...common, level: 'warning', detail: 'the registry does not know this repository', hint };
  }
  return { ...common, level: 'ok', detail: `readable ${describeAccess(access)}` };
}

function describeAccess(access: ImageProbe['access']): string {
  if (access === undefined || access.credential.kind === 'anonymous') return 'without credentials';
  const { source } = access.credential;
  return access.scheme === 'anonymous'
    ? `without credentials; the registry did not request those from ${source}`
    : `with the credentials from ${source}`;
}
