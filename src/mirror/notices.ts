import type { RelPath, Skip } from "../detect/tree.ts";
import type { Log } from "../report/log.ts";
import { deletionsWait } from "../report/text.ts";
import type { Failure } from "./outcome.ts";
import { folderShown } from "./outcome.ts";

/** Why deletions wait for approval. */
export const WHY_PARKED = {
  empty: "FOLDER is suddenly empty",
  device: "FOLDER is on another disk than before",
  "max-delete": "More entries would be deleted than --max-delete allows",
};
const KEPT = "not-empty ";
const REPEAT_FAILURE_MS = 60 * 60_000;
/** Reasons of a skip that mean that an entry in scope could not be mirrored. */
const FAILED_SKIPS = new Set(["unsafe-name", "collision"]);

export const isFailedSkip = ({ reason }: Skip) => FAILED_SKIPS.has(reason);

/** Tells each thing once: a skip once for ever, the same failure once an hour. */
export interface Notices {
  /** @returns how many of the skipped entries count as not mirrored */
  skipped(skips: Iterable<Skip>): number;
  failed(path: RelPath, failure: Failure): void;
  /** A folder that holds entries of others is left standing. */
  kept(folder: RelPath): void;
  /** Deletions that wait: listed once, and again when the list is another. */
  parked(paths: readonly RelPath[], because: "max-delete" | "empty" | "device"): void;
  /** A path is mirrored again: its next failure is news. */
  mended(path: RelPath): void;
  /** The pass as a whole failed: it is for the log; the person at the terminal is told by whoever ends the run. */
  passFailed(failure: Failure): void;
  passWorked(): void;
  /** How many things were told so far. */
  news(): number;
  /** What was told of skips, to be remembered across runs. */
  told(): string[];
}

/**
 * @param toldBefore what earlier runs told of skips
 * @param isWatching a failed pass does not end the run, so it is shown at the terminal as well
 */
export function createNotices(
  log: Log,
  now: () => number,
  toldBefore: readonly string[],
  isWatching: () => boolean,
): Notices {
  const told = new Set(toldBefore);
  const failures = new Map<RelPath, Map<string, number>>();
  let parkedList = "";
  let news = 0;
  let failing: { failure: Failure; sinceMs: number } | undefined;

  return {
    skipped(skips) {
      const present = new Set<string>();
      let failed = 0;
      for (const { path, isFolder, reason, told: isTold, detail } of skips) {
        if (FAILED_SKIPS.has(reason)) failed++;
        if (!isTold) continue;
        const key = `${reason} ${path}`;
        present.add(key);
        if (told.has(key)) continue;
        told.add(key);
        news++;
        const record = {
          event: "skip" as const,
          path: isFolder ? folderShown(path) : path,
          reason,
          ...(detail && { detail }),
        };
        if (FAILED_SKIPS.has(reason)) log.warn(record);
        else log.info(record);
      }
      // What is no longer skipped is news when it is skipped again.
      for (const key of told) if (!present.has(key) && !key.startsWith(KEPT)) told.delete(key);
      return failed;
    },
    failed(path, { reason, detail, code }) {
      const tellings = failures.get(path) ?? new Map<string, number>();
      const last = tellings.get(reason);
      if (last !== undefined && now() - last < REPEAT_FAILURE_MS) return;
      failures.set(path, tellings.set(reason, now()));
      news++;
      log.error({ event: "fail", path, reason, detail, ...(code !== undefined && { code }) });
    },
    kept(folder) {
      if (told.has(KEPT + folder)) return;
      told.add(KEPT + folder);
      news++;
      const detail = "left standing on the server";
      log.info({ event: "skip", path: folderShown(folder), reason: "not-empty", detail });
    },
    parked(paths, because) {
      const list = paths.join("\n");
      if (list === parkedList) return;
      parkedList = list;
      news++;
      const remedy =
        paths.length === 1
          ? 'If it is meant, "miroir approve" lets it go'
          : 'If they are meant, "miroir approve" lets them go';
      const detail = `${WHY_PARKED[because]}: ${deletionsWait(paths.length)}. ${remedy}`;
      log.error({ event: "refuse", reason: "parked", parked: paths.length, detail });
      for (const path of paths) log.warn({ event: "refuse", path, reason: "parked", terminal: false });
    },
    mended(path) {
      failures.delete(path);
    },
    passFailed(failure) {
      const isSame = failing?.failure.reason === failure.reason && failing.failure.code === failure.code;
      if (failing && isSame && now() - failing.sinceMs < REPEAT_FAILURE_MS) return;
      failing = { failure, sinceMs: now() };
      news++;
      const { reason, detail, code } = failure;
      const event = reason === "folder" || reason === "manifest" || reason === "missing" ? "refuse" : "fail";
      log.error({ event, reason, detail, ...(code !== undefined && { code }), terminal: isWatching() });
    },
    passWorked() {
      failing = undefined;
    },
    news: () => news,
    told: () => [...told],
  };
}
