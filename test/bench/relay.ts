import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";
import { createLane } from "./lane.ts";

/**
 * A stand-in for distance: an address of its own, each port of which leads to the same port of `target`, and each byte
 * of which takes half a round trip, either way. It knows nothing of FTP: with the ports of a server's passive mode in
 * the range, control and data connections pass alike, encrypted or not.
 *
 * The system accepts a connection before the relay hears of it: opening one costs the client nothing, and the server
 * hears of it half a round trip later. How much passes in a second is not limited.
 */
export interface Relay {
  readonly host: string;
  /** The whole round trip. May be changed at any time; holds for what is sent from then on. */
  rttMs: number;
  /** How many connections it has accepted so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

export interface RelayOptions {
  /** A loopback address that is not `target`. */
  host: string;
  target: string;
  firstPort: number;
  lastPort: number;
  rttMs: number;
}

/** Throws when one of the ports is taken. */
export async function startRelay({ host, target, firstPort, lastPort, rttMs }: RelayOptions): Promise<Relay> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const relay: Relay = {
    host,
    rttMs,
    get connections() {
      return connections;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
  const oneWayMs = () => relay.rttMs / 2;

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    return socket.setNoDelay(true);
  }

  function join(client: Socket, port: number): void {
    connections++;
    keep(client);
    const there = createLane(client, oneWayMs);
    there.open(() => {
      const server = keep(tcpConnect({ host: target, port, allowHalfOpen: true }));
      createLane(server, oneWayMs).open(() => client);
      return server;
    });
  }

  try {
    for (let port = firstPort; port <= lastPort; port++) {
      servers.push(await listen(host, port, (client) => join(client, port)));
    }
  } catch (error) {
    await relay.stop();
    throw error;
  }
  return relay;
}

function listen(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, onConnection);
    server.once("error", reject);
    server.listen({ host, port, backlog: 511 }, () => resolve(server));
  });
}
