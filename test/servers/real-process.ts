import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

export interface RunningProgram {
  /** Waits for the `220` greeting. Throws when the program ends first, or after 10 s. */
  greets(host: string, port: number, implicitTls: boolean): Promise<void>;
  /** Kills the program and every session it has, and waits until it is gone. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;

/** Put before a command, these words make it die with this process, however this process ends. */
export const DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"];

/** Runs the command, with its output going to the open file. */
export function runProgram(words: string[], outputFile: number): RunningProgram {
  const [command = "", ...args] = words;
  const child = spawn(command, args, {
    stdio: ["ignore", outputFile, outputFile],
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
  child.unref();
  let ended: string | undefined;
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      ended = error.message;
      resolve();
    });
    child.once("exit", (code, signal) => {
      ended = `it ended with ${signal ?? `exit code ${code}`}`;
      resolve();
    });
  });

  async function greets(host: string, port: number, implicitTls: boolean): Promise<void> {
    for (const start = Date.now(); Date.now() - start < START_TIMEOUT_MS; ) {
      const greeting = await firstWords(host, port, implicitTls);
      if (ended !== undefined) throw new Error(ended);
      if (greeting.startsWith("220")) return;
      await Bun.sleep(20);
    }
    throw new Error(`no greeting on port ${port} within ${START_TIMEOUT_MS / 1000} s`);
  }

  async function stop(): Promise<void> {
    if (child.pid === undefined || ended !== undefined) return;
    const sessions = descendantsOf(child.pid);
    child.kill("SIGKILL");
    await gone;
    for (const pid of sessions) kill(pid);
  }

  return { greets, stop };
}

/** The first packet a server sends; "" when it refuses, closes or says nothing for a second. */
function firstWords(host: string, port: number, implicitTls: boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = implicitTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
    const finish = (words: string) => {
      resolve(words);
      socket.destroy();
    };
    socket.setTimeout(1000, () => finish(""));
    socket.once("error", () => finish(""));
    socket.once("close", () => finish(""));
    socket.once("data", (data) => finish(String(data)));
  });
}

/** Linux only, as the servers are. */
function descendantsOf(ancestor: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const found = new Set([ancestor]);
  // A parent may have a higher id than its child once ids have wrapped around: repeat until nothing is added.
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(ancestor);
  return [...found];
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // It ended meanwhile.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
