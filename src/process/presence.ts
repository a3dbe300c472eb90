import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Memory } from "../mirror/memory.ts";
import type { Mirror } from "../mirror/pass.ts";
import type { MirroringCommand } from "../options/row.ts";
import { EXIT } from "../report/exit.ts";
import { StateError } from "../state/errors.ts";
import { STOP_FILE } from "../state/mirrors.ts";
import type { RunRecorder } from "../state/run.ts";
import type { State } from "../state/state.ts";
import type { Status } from "../state/status.ts";
import type { Stop } from "./stop.ts";

const STOP_LOOK_MS = 500;
const ALIVE_MS = 10_000;
const IDLE_TICKS = 6;

/** From now on `miroir status` and `miroir stop` see it, however long the first pass takes. */
export function showItself(state: State, more: Partial<Status> = {}): void {
  try {
    state.writeStatus({ ...state.readStatus(), ...more });
  } catch (error) {
    // The first pass meets the same fault, and tells it.
    if (!(error instanceof StateError)) throw error;
  }
}

/** Writes down that the process is there; while a pass is under way also what it has found out. @returns what ends it */
export function keepAlive(recorder: RunRecorder, mirror: Mirror, state: State, memory: Memory): () => void {
  let ticks = 0;
  let hasShownPass = false;
  const timer = setInterval(() => {
    const { passingSince } = mirror;
    // The disk of a NAS should sleep while nothing happens.
    if (passingSince === undefined && !hasShownPass && ++ticks % IDLE_TICKS !== 0) return;
    hasShownPass = passingSince !== undefined;
    recorder.alive(passingSince);
    if (passingSince !== undefined) showItself(state, memory.status);
  }, ALIVE_MS);
  return () => clearInterval(timer);
}

/** Windows has no signal to end a program cleanly: `miroir stop` asks by a file. @returns what ends the looking */
export function obeyStopRequests(directory: string, command: MirroringCommand, stop: Stop): () => void {
  const file = join(directory, STOP_FILE);
  rmSync(file, { force: true });
  const look = () => {
    if (!existsSync(file)) return;
    rmSync(file, { force: true });
    stop.request("miroir stop", command === "watch" ? EXIT.ok : EXIT.terminated);
  };
  let timer = setInterval(look, STOP_LOOK_MS);
  // One that has just woken is awake: to wake for this alone is most of what an idle watch costs.
  stop.onSleep((ms) => {
    if (ms < STOP_LOOK_MS) return;
    clearInterval(timer);
    timer = setInterval(look, STOP_LOOK_MS);
    look();
  });
  return () => clearInterval(timer);
}
