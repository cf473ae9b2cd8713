/** What `greenpin check` finds: each probe's outcome in words, with what to do about it. Pure. */
import type { CiConnection } from '../../ci/kind.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { ImageProbe } from '../../registry/client.ts';
import { hintForCi, hintForRegistry } from './hints.ts';
import type { ImageReference } from '../../image/image.ts';
import type { Place } from './places.ts';

/** One line of the table. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'failed';
  /** What was looked at: `ci github`, `registry`, `tag`, `file`. */
  readonly subject: string;
  /** What it was tried with: a Git repository, an image repository; empty: nothing. */
  readonly target: string;
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function describeConnection(
  connection: CiConnection,
  place: Place,
  seen: string | UpstreamFailure,
): Finding {
  const common = { subject: `ci ${connection.name}`, target: place.target };
  if (typeof seen === 'string') return { ...common, level: 'ok', detail: seen };
  return { ...common, level: 'failed', detail: seen.message, hint: hintForCi(seen, connection, place) };
}

/** @param reference that was asked for, by a tag that nobody pushes: to be told so proves route, credential and repository */
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
    const hint = `before the first push this is normal; otherwise check ${place.keys.join(', ')}`;
    return { ...common, level: 'warning', detail: 'the registry does not know this image', hint };
  }
  return { ...common, level: 'ok', detail: `can be read ${describeAccess(access)}` };
}

function describeAccess(access: ImageProbe['access']): string {
  if (access === undefined || access.credential.kind === 'anonymous') return 'without credentials';
  const { source } = access.credential;
  return access.scheme === 'anonymous'
    ? `without credentials; those from ${source} were not asked for`
    : `with the credentials from ${source}`;
}
