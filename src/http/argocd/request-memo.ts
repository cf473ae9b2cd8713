/** From the body's bytes to the question. Argo CD asks the same questions, byte for byte, at every poll. */
import type { BranchRequest, Project } from '../../resolve/types.ts';
import { parseJsonBody } from '../../wire/json-body.ts';
import { parseGetParams } from '../../wire/argocd/request.ts';

const MOST_KNOWN = 10_000;
/** A question takes 200 bytes or so; whoever passes more pays for parsing it each time. */
const LONGEST_KNOWN_BYTES = 1024;

/**
 * @param projects the configured projects; they don't change
 * @returns a parser of bodies, which knows the bodies that it has already parsed; it throws ApiError `invalid_request`
 */
export function createQuestionParser(
  projects: ReadonlyMap<string, Project>,
): (body: Buffer | undefined) => BranchRequest {
  const known = new Map<string, BranchRequest>();
  return (body) => {
    if (body === undefined || body.length > LONGEST_KNOWN_BYTES) {
      return parseGetParams(parseJsonBody(body), projects);
    }
    // One character a byte: the key is the very bytes, whether they are UTF-8 or not.
    const key = body.toString('latin1');
    const question = known.get(key);
    if (question !== undefined) return question;
    const parsed = parseGetParams(parseJsonBody(body), projects);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, parsed);
    return parsed;
  };
}
