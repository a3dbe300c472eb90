import { peakRssBytes } from "./linux-process.ts";

const PEAK_POLL_MS = 10;
const DEADLINE_MS = 10 * 60_000;

export interface Command {
  words: string[];
  env: Record<string, string>;
}

export interface Ran {
  /** From before the process is made until it is gone. */
  seconds: number;
  /** Looked at every 10 ms: what it takes in its last instants is not seen. */
  peakBytes: number;
  /** From before the process is made until it says something; NaN when it says nothing. */
  firstWordSeconds: number;
  /** On both streams. */
  said: string;
}

/**
 * Runs a command to its end and measures the whole process. Throws with its last words when it fails or takes more
 * than ten minutes; kills it when `signal` aborts.
 */
export async function runMeasured({ words, env }: Command, cwd: string, signal: AbortSignal): Promise<Ran> {
  signal.throwIfAborted();
  const startMs = performance.now();
  const child = Bun.spawn(words, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  const deadline = setTimeout(kill, DEADLINE_MS);
  let peakBytes = 0;
  const poll = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakRssBytes(child.pid) ?? 0);
  }, PEAK_POLL_MS);
  let said = "";
  let firstWordSeconds = Number.NaN;
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      if (said === "") firstWordSeconds = secondsSince(startMs);
      said += decoder.decode(chunk, { stream: true });
    }
  });
  try {
    const code = await child.exited;
    const seconds = secondsSince(startMs);
    await Promise.all(reading);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`"${words[0]}" ended with exit code ${code}: ${said.trim().slice(-500)}`);
    return { seconds, peakBytes, firstWordSeconds, said };
  } finally {
    signal.removeEventListener("abort", kill);
    clearTimeout(deadline);
    clearInterval(poll);
  }
}

export function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}
