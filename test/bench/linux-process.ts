import { readdirSync, readFileSync } from "node:fs";

/** What Linux tells of a running process. Each is undefined once it has ended. */

/** The most memory it ever had resident (VmHWM). */
export function peakRssBytes(pid: number): number | undefined {
  return statusBytes(pid, "VmHWM");
}

/** What it has resident now (VmRSS). */
export function rssBytes(pid: number): number | undefined {
  return statusBytes(pid, "VmRSS");
}

function statusBytes(pid: number, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return found === null ? undefined : Number(found[1]) * 1024;
}

/** Processor time of all threads that live now, to the nanosecond, where `stat` has hundredths of a second. */
export function processorMs(pid: number): number | undefined {
  let nanoseconds = 0;
  for (const thread of namesIn(`/proc/${pid}/task`)) {
    nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
  }
  return nanoseconds === 0 ? undefined : nanoseconds / 1e6;
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
