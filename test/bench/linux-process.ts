import { readdirSync, readFileSync } from "node:fs";

/** What Linux tells of a running process. */

/** The most memory it ever had resident (VmHWM); undefined once it has ended. */
export function peakRssBytes(pid: number): number | undefined {
  return statusBytes(pid, "VmHWM");
}

/** What it has resident now (VmRSS); undefined once it has ended. */
export function rssBytes(pid: number): number | undefined {
  return statusBytes(pid, "VmRSS");
}

function statusBytes(pid: number, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return found === null ? undefined : Number(found[1]) * 1024;
}

/**
 * Tells the processor time of all threads in milliseconds, to the nanosecond, where `stat` has hundredths of a second.
 * A thread that has ended counts as long as it was seen.
 */
export function processorClock(pid: number): () => number {
  const nanoseconds = new Map<string, number>();
  return () => {
    for (const thread of namesIn(`/proc/${pid}/task`)) {
      const used = read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0];
      if (used !== undefined) nanoseconds.set(thread, Number(used));
    }
    return [...nanoseconds.values()].reduce((sum, used) => sum + used, 0) / 1e6;
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
