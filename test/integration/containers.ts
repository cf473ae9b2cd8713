import { GenericContainer, getContainerRuntimeClient } from 'testcontainers';

/** A thing that integration tests need and that a machine may lack; `reason` completes "left out: ... (reason)". */
export type Availability =
  { readonly available: true } | { readonly available: false; readonly reason: string };

/** CI sets it: what is missing is a failure there, and never a reason to leave tests out. */
export function containersRequired(): boolean {
  return process.env['GREENPIN_REQUIRE_CONTAINERS'] === '1';
}

/**
 * @returns whether Docker, Podman or another engine answers, by testcontainers' own way of finding one
 * @throws Error when none does and `GREENPIN_REQUIRE_CONTAINERS=1`
 */
export async function containerEngine(): Promise<Availability> {
  try {
    await getContainerRuntimeClient();
    return { available: true };
  } catch (error) {
    if (containersRequired()) throw missing('no container engine answers', error);
    return { available: false, reason: 'no container engine answers' };
  }
}

/** @returns the failure for something that is missing where nothing may be */
export function missing(what: string, cause: unknown): Error {
  return new Error(`${what}, and GREENPIN_REQUIRE_CONTAINERS=1 takes that as a failure`, { cause });
}

/** Subclassing is testcontainers' way to reach what has no method: there is none for the address that a port is bound to. */
class LoopbackContainer extends GenericContainer {
  override withExposedPorts(...ports: number[]): this {
    super.withExposedPorts(...ports);
    const bindings = ports.map((port) => [`${port}/tcp`, [{ HostIp: '127.0.0.1', HostPort: '0' }]]);
    this.hostConfig.PortBindings = Object.fromEntries(bindings);
    return this;
  }
}

/**
 * @param port port inside the container; it gets a free port of 127.0.0.1, and is not reachable from other machines
 * @returns a container that is not started yet
 */
export function createContainer(image: string, port: number): GenericContainer {
  return new LoopbackContainer(image).withExposedPorts(port);
}
