import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executable } from "../e2e/program.ts";
import { certificate } from "../servers/certificates.ts";
import { type RealServer, type RealServerKind, startRealServer } from "../servers/real.ts";
import type { TlsMode } from "../servers/server.ts";
import { type Relay, startRelay } from "./relay.ts";
import type { Size } from "./size.ts";
import type { Task } from "./tools.ts";

export const RELAY_HOST = "127.0.0.2";

/** Straight to the server, or through its relay, whose round trip is that many milliseconds from then on. */
export type Way = "direct" | number;

/** A server at two addresses: its own, and a distant one. */
export interface Site {
  server: RealServer;
  relay: Relay;
  /** A name below the login folder that no run has had yet. */
  freshName(): string;
  /** Where the folder of this name is on the disk. */
  onDisk(name: string): string;
  task(way: Way, job: Pick<Task, "from" | "remote" | "connections" | "home">): Task;
}

/** What all experiments stand on; `end()` removes every trace. */
export interface Ground {
  readonly size: Size;
  readonly signal: AbortSignal;
  /** The current folder of what is run. */
  readonly folder: string;
  /** A new empty folder. */
  newFolder(): string;
  /** Started when it is first asked for, the same from then on. */
  site(kind: RealServerKind, tls: TlsMode): Promise<Site>;
  /** What `make` gives, made when it is first asked for under this name. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export function createGround(size: Size, signal: AbortSignal): Ground {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "miroir-bench-")));
  const made = new Map<string, Promise<unknown>>();
  const endings: (() => Promise<void>)[] = [];
  let folders = 0;

  async function start(kind: RealServerKind, tls: TlsMode): Promise<Site> {
    const names = ["127.0.0.1", RELAY_HOST];
    const server = await startRealServer(kind, { tls, certificate: certificate({ names }) });
    endings.push(() => server.stop());
    const ports = { firstPort: server.port, lastPort: server.lastPort };
    const relay = await startRelay({ host: RELAY_HOST, target: server.host, ...ports, rttMs: 0 });
    endings.push(() => relay.stop());
    let remotes = 0;
    return {
      server,
      relay,
      freshName: () => `run-${++remotes}`,
      onDisk: (name) => join(server.root, name),
      task(way, job) {
        if (way !== "direct") relay.rttMs = way;
        return { ...server, executable: executable(), host: way === "direct" ? server.host : relay.host, ...job };
      },
    };
  }

  function once<T>(name: string, make: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known as Promise<T>;
  }

  return {
    size,
    signal,
    folder,
    newFolder() {
      const path = join(folder, String(++folders));
      mkdirSync(path);
      return path;
    },
    site: (kind, tls) => once(`${kind} ${tls}`, () => start(kind, tls)),
    once,
    async end() {
      for (const ending of endings.splice(0).reverse()) await ending();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
