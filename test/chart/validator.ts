/**
 * Runs the program in `validator/`, which validates manifests and expressions with Kubernetes' and
 * Prometheus' code.
 */
import { execFile } from 'node:child_process';

export interface Judgement {
  readonly problems: readonly string[];
  readonly metrics: readonly string[];
  readonly kinds: readonly string[];
}

/** @param manifests YAML by a name of your choice */
export async function judge(
  command: string,
  manifests: Readonly<Record<string, string>>,
  expressions: Readonly<Record<string, string>> = {},
): Promise<Judgement> {
  return await new Promise((done, fail) => {
    const child = execFile(command, { maxBuffer: 64 << 20 }, (error, stdout) => {
      if (error) fail(error);
      else done(JSON.parse(stdout) as Judgement);
    });
    child.stdin?.end(JSON.stringify({ manifests, expressions }));
  });
}
