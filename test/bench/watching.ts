import { existsSync, readFileSync } from "node:fs";
import { type Running, startProgram } from "../e2e/program.ts";
import type { Ground } from "./ground.ts";
import type { Command } from "./run.ts";

const POLL_MS = 1;
const DEADLINE_MS = 120_000;

/** Runs a program that does not end by itself, for as long as `use` takes. Throws when it does not end cleanly. */
export async function whileRunning<T>(
  { words, env }: Command,
  ground: Ground,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const running = startProgram(words, { cwd: ground.folder, env });
  try {
    const result = await use(running);
    running.kill("SIGTERM");
    const { code, stderr } = await running.finished();
    if (code !== 0) throw new Error(`"${words[0]}" ended with exit code ${code}: ${stderr.trim()}`);
    return result;
  } finally {
    if (!running.hasEnded) running.kill("SIGKILL");
    await running.finished();
  }
}

/** Waits until the file has exactly this content, looking each millisecond. Throws when `running` ends before. */
export async function untilThere(file: string, content: Buffer, running: Running, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!(existsSync(file) && readFileSync(file).equals(content))) {
    signal.throwIfAborted();
    if (running.hasEnded) throw new Error(`miroir ended by itself: ${running.stderr.trim()}`);
    if (performance.now() > deadlineMs) throw new Error(`"${file}" did not arrive in ${DEADLINE_MS / 1000} s`);
    await Bun.sleep(POLL_MS);
  }
}
