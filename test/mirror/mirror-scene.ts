import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createMemory } from "../../src/mirror/memory.ts";
import type { MirrorParts } from "../../src/mirror/parts.ts";
import { createMirror, type Mirror, type PassResult } from "../../src/mirror/pass.ts";
import { createFtpSite } from "../../src/remote/ftp.ts";
import type { Site } from "../../src/remote/site.ts";
import { worstExit } from "../../src/report/exit.ts";
import { openState, type State } from "../../src/state/state.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "../servers/embedded.ts";
import { createLocalFolder } from "./local-folder.ts";
import { createRecordingLog, type Logged, partsFor } from "./mirror-parts.ts";

export interface Ran extends PassResult {
  exit: number;
  lines: Logged[];
  /** `event path` of every movement, in order of their names. */
  movements: string[];
}

/** FOLDER, its state and an FTP server, for one test. */
export interface Scene {
  readonly folder: string;
  readonly stateFolder: string;
  readonly server: EmbeddedServer;
  /** Real path of the remote folder. */
  readonly remote: string;
  /** Writes files; a name that ends in `/` is a folder. Dated an hour ago, or as given in seconds since the epoch. */
  write(entries: Record<string, string>, seconds?: number): void;
  writeRemote(entries: Record<string, string>, seconds?: number): void;
  remove(...paths: string[]): void;
  /** What a visitor finds: contents by path, folders with a `/`. */
  site(): Record<string, string>;
  /** One process with one pass. */
  sync(fields?: Partial<MirrorParts>): Promise<Ran>;
  /** One process with several passes. @param around what stands between the mirror and the site */
  process<T>(
    use: (mirror: Mirror, pass: () => Promise<Ran>) => Promise<T>,
    fields?: Partial<MirrorParts>,
    around?: (site: Site) => Site,
  ): Promise<T>;
  /** The mirror's state, between two processes. */
  withState<T>(use: (state: State) => T): T;
  end(): Promise<void>;
}

const MOVEMENTS = new Set(["upload", "delete", "rename", "mkdir", "rmdir", "touch", "adopt"]);

async function createScene(options: EmbeddedServerOptions = {}): Promise<Scene> {
  const local = createLocalFolder();
  const server = await startEmbeddedServer(options);
  const remote = join(server.root, "www");
  const stateFolder = join(dirname(local.path), "state");
  const hourAgo = Math.floor(Date.now() / 1000) - 3600;
  const place = {
    directory: stateFolder,
    folder: local.path,
    site: "ftp://alice@127.0.0.1:21/www",
    now: () => new Date(),
  };

  async function process<T>(
    use: (mirror: Mirror, pass: () => Promise<Ran>) => Promise<T>,
    fields: Partial<MirrorParts> = {},
    around: (site: Site) => Site = (site) => site,
  ): Promise<T> {
    const state = openState(place);
    const log = createRecordingLog();
    let nonces = 0;
    const site = createFtpSite({
      account: {
        host: server.host,
        port: server.port,
        user: server.user,
        password: server.password,
        tls: "off",
        trust: { insecure: false },
        timeoutMs: 5000,
        beforeSending: () => memory.commit(),
      },
      remoteDir: "www",
      connections: 2,
      inPlace: false,
      limitRateBytes: Number.POSITIVE_INFINITY,
      sleep: Bun.sleep,
      now: Date.now,
      monotonicMs: () => performance.now(),
      nonce: () => `${globalThis.process.pid}x${nonces++}`,
      onDegraded() {},
      onConnected: (session) => mirror.connected({ ...session, address: "test" }),
    });
    const memory = createMemory(state);
    let mirror: Mirror;
    try {
      mirror = createMirror(partsFor(local.path, around(site), log, fields), memory);
      const ended = await use(mirror, async () => {
        const result = await mirror.pass();
        const lines = log.lines.splice(0);
        const movements = lines
          .filter(({ event }) => MOVEMENTS.has(event))
          .map(({ event, path }) => `${event} ${path}`);
        return { ...result, exit: worstExit(result.codes), lines, movements: movements.sort() };
      });
      memory.fold();
      return ended;
    } finally {
      state.close();
      await site.close();
    }
  }

  return {
    folder: local.path,
    stateFolder,
    server,
    remote,
    write: (entries, seconds = hourAgo) => fill(local.path, entries, seconds),
    writeRemote: (entries, seconds = hourAgo) => fill(remote, entries, seconds),
    remove(...paths) {
      for (const path of paths) rmSync(join(local.path, path), { recursive: true });
    },
    site: () => contentsOf(remote),
    process,
    sync: (fields) => process((_, pass) => pass(), fields),
    withState(use) {
      const state = openState(place);
      try {
        return use(state);
      } finally {
        state.close();
      }
    },
    async end() {
      await server.stop();
      local.remove();
    },
  };
}

function fill(root: string, entries: Record<string, string>, seconds: number): void {
  mkdirSync(root, { recursive: true });
  for (const [path, content] of Object.entries(entries)) {
    const file = join(root, path);
    if (path.endsWith("/")) mkdirSync(file, { recursive: true });
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      utimesSync(file, seconds, seconds);
    }
  }
}

function contentsOf(root: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, contentsOf(root, path));
    else found[path] = readFileSync(join(root, path), "utf8");
  }
  return found;
}

/** The scenes of one test file, all ended after each test. */
export function createScenes() {
  const open: Scene[] = [];
  return {
    async begin(options?: EmbeddedServerOptions): Promise<Scene> {
      const scene = await createScene(options);
      open.push(scene);
      return scene;
    },
    async endAll(): Promise<void> {
      for (const scene of open.splice(0)) await scene.end();
    },
  };
}
