/**
 * Requests per second with the answer in memory, against a bare Fastify route with the same authentication, body and answer
 * (design §6, first row). Each server is a process of its own; rounds alternate, so that a noisy machine hits both.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { median } from './median.ts';
import { BRANCHES, PATH, requestBody, TOKEN } from './memory-answer-load.ts';

const SIDES = ['greenpin', 'bare'] as const;
type Side = (typeof SIDES)[number];

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 3);
const CONNECTIONS = 16;
const BUDGET = 0.95;

interface Server {
  readonly side: Side;
  readonly child: ChildProcess;
  readonly port: number;
}

interface Round {
  readonly requestsPerSecond: number;
  /** Of the server's process, in microseconds: steadier than requests per second when others use the machine. */
  readonly cpuPerRequest: number;
}

/** Runs the rounds and prints the outcome. Fails when a server answers anything but 2xx. */
export async function benchMemoryAnswer(): Promise<void> {
  const servers = await Promise.all(SIDES.map(startServer));
  try {
    for (const server of servers) await runRound(server);
    const rounds: Record<Side, Round[]> = { greenpin: [], bare: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? servers : servers.toReversed();
      for (const server of order) rounds[server.side].push(await runRound(server));
    }
    report(rounds);
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

async function startServer(side: Side): Promise<Server> {
  const program = new URL('./memory-answer-server.ts', import.meta.url);
  // Its log goes to /dev/null, but is written.
  const child = fork(program, [side], { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return { side, child, port };
}

async function runRound({ child, port }: Server): Promise<Round> {
  const before = await askCpu(child);
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${PATH}`,
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    requests: BRANCHES.map((branch) => ({ body: requestBody(branch) })),
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx + result.errors} calls failed`);
  const cpu = (await askCpu(child)) - before;
  return {
    requestsPerSecond: result.requests.total / result.duration,
    cpuPerRequest: cpu / result.requests.total,
  };
}

async function askCpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [microseconds] = (await once(child, 'message')) as [number];
  return microseconds;
}

function report(rounds: Readonly<Record<Side, readonly Round[]>>): void {
  console.log(
    `Answer in memory (${ROUNDS} rounds of ${SECONDS} s each, ${CONNECTIONS} connections), medians:`,
  );
  for (const side of SIDES) {
    const rate = median(rounds[side].map((round) => round.requestsPerSecond));
    const cpu = median(rounds[side].map((round) => round.cpuPerRequest));
    console.log(
      `  ${side.padEnd(8)} ${rate.toFixed(0).padStart(6)} requests/s, ${cpu.toFixed(1)} us CPU each`,
    );
  }
  const ratio =
    median(rounds.greenpin.map((round) => round.requestsPerSecond)) /
    median(rounds.bare.map((round) => round.requestsPerSecond));
  console.log(`  ratio    ${ratio.toFixed(3)} (budget: at least ${BUDGET})`);
}
