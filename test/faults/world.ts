import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EmbeddedServer,
  type EmbeddedServerOptions,
  type Sighting,
  startEmbeddedServer,
} from "../servers/embedded.ts";
import { createHistory, type History } from "./history.ts";
import { type Ended, startMiroir } from "./miroir.ts";
import { readTree, type Tree } from "./trees.ts";

/** The remote folder that is mirrored into, in the login folder. */
export const REMOTE_FOLDER = "www";

export interface Run extends Ended {
  /** The log lines that this run added, as they stand in the file. */
  log: string[];
  /** The commands that the server received meanwhile. */
  commands: string[];
  /** What a visitor of the site saw meanwhile. */
  sightings: Sighting[];
}

/** A local folder, a server that holds foreign files, and what has to be remembered to judge a mirror between them. */
export interface World {
  readonly folder: string;
  readonly stateFolder: string;
  readonly server: EmbeddedServer;
  readonly history: History;
  /** What stood on the server before miroir came. */
  readonly foreign: Tree;
  sync(...options: string[]): Promise<Run>;
  /** A run that is killed on the spot once the server has received so many commands, unless it has ended by then. */
  syncUntilKilled(afterCommands: number, ...options: string[]): Promise<Run>;
  close(): Promise<void>;
}

export interface WorldOptions extends EmbeddedServerOptions {
  /** Lays out FOLDER, before the history begins. */
  populate(folder: string): void;
  /** Lays out the login folder. Default: some foreign files inside and outside of the remote folder. */
  populateSite?(root: string, folder: string): void;
}

export async function createWorld({ populate, populateSite, ...serverOptions }: WorldOptions): Promise<World> {
  const base = mkdtempSync(join(tmpdir(), "miroir-faults-"));
  const folder = join(base, "local");
  const root = join(base, "site");
  const stateFolder = join(base, "state");
  const logFile = join(base, "log.jsonl");
  for (const path of [folder, root]) mkdirSync(path);
  populate(folder);
  (populateSite ?? layForeign)(root, folder);
  const history = createHistory(folder);
  history.remember();
  const foreign = foreignOf(readTree(root), history);
  const server = await startEmbeddedServer({ ...serverOptions, root });

  async function start(options: string[]): Promise<{ kill(): void; ended: Promise<Run> }> {
    history.remember();
    const commandsBefore = server.commands.length;
    const sightingsBefore = server.visitor.journal.length;
    const logBefore = readLines(logFile).length;
    const site = `${server.url}/${REMOTE_FOLDER}`;
    const fixed = ["--log", logFile, "--log-format", "json", "--state-dir", stateFolder];
    const { kill, ended } = await startMiroir(["sync", folder, site, ...fixed, ...options]);
    async function toItsEnd(): Promise<Run> {
      const how = await ended;
      await quiet(server);
      return {
        ...how,
        log: readLines(logFile).slice(logBefore),
        commands: server.commands.slice(commandsBefore).map(({ text }) => text),
        sightings: server.visitor.journal.slice(sightingsBefore),
      };
    }
    return { kill, ended: toItsEnd() };
  }

  return {
    folder,
    stateFolder,
    server,
    history,
    foreign,
    async sync(...options) {
      return (await start(options)).ended;
    },
    async syncUntilKilled(afterCommands, ...options) {
      const running = await start(options);
      const commandsBefore = server.commands.length;
      let isOver = false;
      const ended = running.ended.finally(() => {
        isOver = true;
      });
      while (!isOver && server.commands.length - commandsBefore < afterCommands) await Bun.sleep(1);
      running.kill();
      return ended;
    },
    async close() {
      await server.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Until the server has noticed that the client is gone: it may still have been carrying something out. */
export async function quiet(server: EmbeddedServer): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (server.sessionsOpen > 0 && performance.now() < deadline) await Bun.sleep(5);
}

function layForeign(root: string): void {
  mkdirSync(join(root, REMOTE_FOLDER, "foreign"), { recursive: true });
  writeFileSync(join(root, "outside.txt"), "outside of the mirror");
  writeFileSync(join(root, REMOTE_FOLDER, "foreign.txt"), "not of the mirror");
  writeFileSync(join(root, REMOTE_FOLDER, "foreign", "f.txt"), "nor is this");
}

/** What is on the site and has no counterpart in FOLDER. */
function foreignOf(site: Tree, history: History): Tree {
  const isOurs = (path: string) =>
    path === REMOTE_FOLDER || history.isKnown(path.slice(REMOTE_FOLDER.length + 1)) || false;
  return {
    files: new Map([...site.files].filter(([path]) => !isOurs(path))),
    folders: new Set([...site.folders].filter((path) => !isOurs(path))),
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
