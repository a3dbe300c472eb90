import { createScanReader } from "../../src/detect/folder.ts";
import type { MirrorParts } from "../../src/mirror/parts.ts";
import type { Site } from "../../src/remote/site.ts";
import type { Log, LogLevel, LogRecord } from "../../src/report/log.ts";

export interface Logged extends LogRecord {
  level: LogLevel;
}

/** A log that keeps its records. */
export function createRecordingLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: LogLevel) => (record: LogRecord) => void lines.push({ ...record, level });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), close() {} };
}

/** The parts of a mirror with every option at its default, and pauses that take no time but on its own clock. */
export function partsFor(folder: string, site: Site, log: Log, fields: Partial<MirrorParts> = {}): MirrorParts {
  let nonces = 0;
  let clockMs = 0;
  return {
    folder,
    site,
    log,
    readScan: createScanReader(folder, { depth: 6, patterns: [], own: new Set(), follow: false, platform: "linux" }),
    delete: "tracked",
    maxDelete: { kind: "none" },
    adopt: "size+mtime",
    checksum: false,
    verifyMs: Number.POSITIVE_INFINITY,
    intervalMs: 1000,
    retries: 2,
    now: Date.now,
    monotonicMs: () => clockMs,
    async sleep(ms) {
      clockMs += ms;
    },
    random: () => 0.5,
    nonce: () => `nonce${nonces++}`,
    isStopped: () => false,
    isWatch: false,
    warnsWhenPlain: false,
    ...fields,
  };
}
