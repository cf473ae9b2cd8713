/** The container engine's command line, as users type it. */
import { execFile } from 'node:child_process';

export interface DockerResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @returns what came of it, also when it failed */
export function tryDocker(...args: readonly string[]): Promise<DockerResult> {
  return new Promise((resolve) => {
    execFile('docker', args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = typeof error?.code === 'number' ? error.code : 1;
      resolve({ status: error === null ? 0 : status, stdout, stderr });
    });
  });
}

/** @throws Error with what it said, when it failed */
export async function docker(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await tryDocker(...args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: status ${status}: ${stderr}`);
  return stdout.trim();
}
