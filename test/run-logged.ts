import { closeSync, openSync, readFileSync } from "node:fs";

export interface Ended {
  /** 128 and the signal's number for one that a signal ended. */
  code: number;
  /** What it said, on both streams, in its order. */
  output: string;
  ms: number;
}

/** No check takes so long: one that does has stopped for ever. */
const DEADLINE_MS = 20 * 60_000;

/** Runs a command to its end, without input; one that does not end is killed. */
export async function runLogged(
  command: string[],
  { cwd, env, outputFile }: { cwd: string; env: Record<string, string | undefined>; outputFile: string },
): Promise<Ended> {
  const startedAt = performance.now();
  const output = openSync(outputFile, "a");
  const child = Bun.spawn(command, { cwd, env, stdio: ["ignore", output, output], timeout: DEADLINE_MS });
  closeSync(output);
  const code = await child.exited;
  return { code, output: readFileSync(outputFile, "utf8"), ms: performance.now() - startedAt };
}
