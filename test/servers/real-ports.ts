import { createServer, type Server } from "node:net";

/** Ports of one server, its own among all test processes of this machine until `release()`. */
export interface PortBlock {
  control: number;
  firstPassive: number;
  lastPassive: number;
  release(): void;
}

const FIRST_BLOCK = 20_000;
const BLOCK_SIZE = 100;
/** All below 32768, where Linux starts to hand out ports by itself. */
const BLOCK_COUNT = 127;

/**
 * Claims a block by listening on its first port for as long as the server lives: the system drops the claim when
 * the process ends, however it ends. Throws when every block is taken.
 */
export async function claimPorts(host: string): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCK_COUNT);
  for (let turn = 0; turn < BLOCK_COUNT; turn++) {
    const base = FIRST_BLOCK + ((start + turn) % BLOCK_COUNT) * BLOCK_SIZE;
    const claim = await listen(host, base);
    if (claim === undefined) continue;
    const probe = await listen(host, base + 1);
    if (probe === undefined) {
      claim.close();
      continue;
    }
    await new Promise((resolve) => probe.close(resolve));
    claim.unref();
    return {
      control: base + 1,
      firstPassive: base + 2,
      lastPassive: base + BLOCK_SIZE - 1,
      release: () => claim.close(),
    };
  }
  throw new Error(`Cannot find free ports on "${host}" between ${FIRST_BLOCK} and 32767: all are in use`);
}

function listen(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}
