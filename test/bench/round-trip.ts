import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { claimPorts } from "../servers/real-ports.ts";
import { startRelay } from "./relay.ts";
import { median } from "./statistics.ts";

const TARGET = "127.0.0.1";
const PINGS = 25;

/** What a round trip through a relay really takes on this machine, now: the median of some. */
export async function measureRoundTripMs(host: string, rttMs: number): Promise<number> {
  const ports = await claimPorts(TARGET);
  const echo = await new Promise<Server>((resolve) => {
    const listening = createServer((socket) => socket.setNoDelay(true).pipe(socket));
    listening.listen(ports.control, TARGET, () => resolve(listening));
  });
  const relay = await startRelay({ host, target: TARGET, firstPort: ports.control, lastPort: ports.control, rttMs });
  const socket = connect({ host, port: ports.control }).setNoDelay(true);
  try {
    const pings: number[] = [];
    for (let ping = 0; ping < PINGS; ping++) {
      const startMs = performance.now();
      const answer = once(socket, "data");
      socket.write("x");
      await answer;
      pings.push(performance.now() - startMs);
    }
    return median(pings);
  } finally {
    socket.destroy();
    await relay.stop();
    echo.close();
    ports.release();
  }
}
