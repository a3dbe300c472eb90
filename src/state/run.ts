import { join } from "node:path";
import { replaceFile } from "./disk.ts";
import { StateError } from "./errors.ts";
import { readSmallJson } from "./status.ts";

/** The last run of a mirror, as it writes it down itself. Times are ISO 8601, UTC. */
export interface Run {
  command: "watch" | "sync";
  startedAt: string;
  /** Written again and again: what is old means a process that hangs, or is gone without a word. */
  aliveAt: string;
  /** The pass under way began here. */
  passingSince?: string;
  endedAt?: string;
  exit?: number;
  /** When the last runs began, this one included: the rhythm of a scheduled mirror. */
  starts: string[];
}

const RUN_FILE = "run.json";
const STARTS_KEPT = 5;
const TEXTS = ["passingSince", "endedAt"] as const;

/** The writing end of a run; a disk that takes nothing is told by the pass, not here. */
export interface RunRecorder {
  alive(passingSince: Date | undefined): void;
  end(exit: number): void;
}

/** Missing or damaged: undefined. */
export function readRun(directory: string): Run | undefined {
  const read = readSmallJson(join(directory, RUN_FILE));
  const { command, startedAt, aliveAt, starts, exit } = read;
  if ((command !== "watch" && command !== "sync") || typeof startedAt !== "string" || typeof aliveAt !== "string") {
    return undefined;
  }
  const run: Run = { command, startedAt, aliveAt, starts: [] };
  if (Array.isArray(starts)) run.starts = starts.filter((start) => typeof start === "string");
  if (typeof exit === "number") run.exit = exit;
  for (const name of TEXTS) {
    const value = read[name];
    if (typeof value === "string") run[name] = value;
  }
  return run;
}

/** Only for the holder of the lock. */
export function recordRun(directory: string, command: Run["command"], now: () => Date): RunRecorder {
  const startedAt = now().toISOString();
  const before = readRun(directory)?.starts ?? [];
  const run: Run = { command, startedAt, aliveAt: startedAt, starts: [...before, startedAt].slice(-STARTS_KEPT) };
  const write = () => {
    try {
      replaceFile(directory, RUN_FILE, `${JSON.stringify(run)}\n`, { sync: false });
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  };
  write();
  return {
    alive(passingSince) {
      run.aliveAt = now().toISOString();
      if (passingSince) run.passingSince = passingSince.toISOString();
      else delete run.passingSince;
      write();
    },
    end(exit) {
      run.aliveAt = now().toISOString();
      Object.assign(run, { endedAt: run.aliveAt, exit });
      delete run.passingSince;
      write();
    },
  };
}
