import { basename, dirname } from "node:path";
import type { Change } from "../detect/diff.ts";
import { emptyManifest, type JournalRecord, type Manifest } from "../detect/manifest.ts";
import { shareFiles } from "../detect/rescan.ts";
import { deviceOf } from "../detect/scan.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";
import { SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode } from "../report/exit.ts";
import { StateError } from "../state/errors.ts";
import { adoptSite } from "./adoption.ts";
import { checkMounts, distrustOf } from "./belief.ts";
import { exitOf, failureOfPass, isPassError, type PassError } from "./codes.ts";
import { type Counts, createCounts } from "./counts.ts";
import { foreignChanges } from "./foreign.ts";
import { createForesight } from "./foresight.ts";
import { createLookout, look } from "./look.ts";
import type { Memory } from "./memory.ts";
import { createNotices } from "./notices.ts";
import { createOpening } from "./opening.ts";
import type { MirrorParts } from "./parts.ts";
import { createPauses } from "./pauses.ts";
import { runRounds } from "./rounds.ts";
import { createVerifier } from "./verifier.ts";

export interface PassResult {
  /** Every exit code that applies; none when all is in sync. */
  codes: OutcomeCode[];
  /** Nothing is left to do before something changes. */
  isLevel: boolean;
  /** Whether there is something to tell that was not told before. */
  didOrFailed: boolean;
  /** What ended the pass early. */
  error?: PassError;
  counts: Counts;
}

export interface Mirror {
  /**
   * Brings the site up to date once. Every outcome is recorded and logged as it happens; nothing is thrown but bugs.
   * @param named paths of FOLDER that may have changed since the last pass; undefined when that can be any
   */
  pass(named?: ReadonlySet<RelPath>): Promise<PassResult>;
  /** An event named a path of FOLDER, and a pass is near: what it will probably need of the site is prepared. */
  foresee(name: string): void;
  /** A first session is open: told. */
  connected(session: { encrypted: boolean; address: string }): void;
  /** The server agreed to TLS: remembered for ever, before anything else can go wrong. */
  encryptionSeen(): void;
  /** When the pass under way began, by the wall clock. */
  readonly passingSince: Date | undefined;
  /** Whether a pass of this pair has ever been completed, in this run or before. */
  readonly hasCompleted: boolean;
  /** The site is due to be compared, or is being compared, whatever happens in FOLDER. */
  readonly hasWork: boolean;
}

/** Passes over one pair; what it learns goes to `memory`. */
export function createMirror(parts: MirrorParts, memory: Memory): Mirror {
  const { folder, log } = parts;
  const { status } = memory;
  const isRunOn = () => parts.isWatch && status.completedPassAt !== undefined;
  const notices = createNotices(log, parts.monotonicMs, status.told, isRunOn);
  const pauses = createPauses(parts.monotonicMs, parts.random);
  let passingSince: Date | undefined;
  /** The whole site was listed for strangers in this run. */
  let hasLooked = false;
  let hasPassed = false;
  const opening = createOpening(parts, memory, { onRetry, learn, onLeft: notices.failed });
  const connect = opening.connect;
  const verifier = createVerifier(parts, status, { learn, sweepProbes: opening.sweepProbes });
  const foresight = createForesight(folder, memory, pauses, opening);
  const lookAt = createLookout(folder, parts.readScan, parts.sleep);
  /** What the site is known to hold is what the last look saw. */
  let isLevel = false;
  /** More was learnt of the site since a pass compared it with FOLDER. */
  let hasLearnt = false;
  for (const path of memory.setAside) {
    const aside = basename(path);
    const [was, follows] = aside.startsWith("manifest")
      ? ["manifest.json", "what the server holds is adopted"]
      : ["journal.jsonl", "what it held after the damage is sent again"];
    const detail = `"${was}" was damaged: it is set aside as "${aside}" in "${dirname(path)}", and ${follows}`;
    log.warn({ event: "warn", reason: "manifest", detail });
  }

  function onRetry(path: RelPath, error: SiteError, tryNumber: number): void {
    const { reason, message: detail } = error;
    log.warn({ event: "retry", ...(path !== "" && { path }), try: tryNumber, reason, detail, terminal: false });
  }

  function learn(records: JournalRecord[]): void {
    memory.record(records);
    if (records.length > 0) hasLearnt = true;
  }

  /** The manifest, adopted from the site when there is none. */
  async function known(snapshot: Snapshot, follow: boolean, counts: Counts): Promise<Manifest> {
    if (memory.manifest) return memory.manifest;
    await connect(snapshot, snapshot.files.size);
    const adopted = opening.isNew ? emptyManifest() : await adoptSite(parts, snapshot, follow);
    memory.adopt(adopted);
    status.lastVerifyAt = timestamp();
    delete status.unseen;
    counts.adopted = adopted.files.size;
    return adopted;
  }

  async function run(counts: Counts, named: ReadonlySet<RelPath> | undefined): Promise<void> {
    opening.expire();
    const wasLevel = isLevel;
    isLevel = false;
    const scannedAt = parts.monotonicMs();
    if (!hasPassed) parts.progress?.phase("reading FOLDER");
    hasPassed = true;
    const { snapshot, scan, touched } = await lookAt(status.mounts ? undefined : named, memory.manifest);
    counts.scanMs = parts.monotonicMs() - scannedAt;
    foresight.looked(scan);
    checkMounts(snapshot, status);
    const unfit = notices.skipped(snapshot.skipped.values());
    counts.failed += unfit;
    const manifest = await known(snapshot, scan.follow, counts);
    if (opening.isSweepDue) await connect(snapshot);
    if (verifier.isDue && (await verifier.goOn(manifest, scan.scope, () => connect(snapshot)))) hasLooked = false;
    // What --delete none leaves on the site may still be the old name of something new.
    const isPartEnough = wasLevel && !hasLearnt && !parts.checksum && parts.delete !== "none";
    const among = isPartEnough ? touched : undefined;
    hasLearnt = false;
    const options = { scan, checksum: parts.checksum, now: parts.now, ...(among && { among }) };
    const changesOf = await look(folder, snapshot, manifest, options);
    for (const { path, reason, detail } of snapshot.problems) {
      counts.failed++;
      notices.failed(path, { reason, detail });
    }
    let foreign: Change[] = [];
    if (parts.delete === "all" && (!parts.isWatch || !hasLooked)) {
      await connect(snapshot);
      foreign = await foreignChanges(parts, snapshot, manifest, scan, onRetry);
    }
    const distrust = distrustOf(folder, snapshot, manifest, status, parts.delete === "all");
    await runRounds({
      ...{ parts, memory, notices, pauses, counts, scan, snapshot, manifest, distrust, onRetry },
      connect: (sessions) => connect(snapshot, sessions),
      changes: (unrenamable) => [...changesOf(unrenamable), ...foreign],
    });
    memory.commit();
    hasLooked = true;
    // With no deletion open, the device FOLDER is on now is the one to expect.
    if (counts.parked === 0) status.device = deviceOf(folder);
    isLevel = counts.failed === unfit && counts.pending + counts.parked === 0 && !hasLearnt && !parts.isStopped();
    if (isLevel && touched === undefined && parts.isWatch) shareFiles(snapshot, manifest);
  }

  function save(): void {
    try {
      memory.save();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      log.error({ event: "fail", reason: "manifest", detail: error.message });
    }
  }

  const timestamp = () => new Date(parts.now()).toISOString();

  return {
    async pass(named) {
      const counts = createCounts();
      const result: PassResult = { codes: [], isLevel: false, didOrFailed: false, counts };
      const newsBefore = notices.news();
      const startedAt = parts.monotonicMs();
      passingSince = new Date(parts.now());
      try {
        await run(counts, named);
        // Where nothing gets through, the pass has come to nothing, although each file has its own failure.
        const isInVain = counts.lost + counts.denied > 0 && counts.uploaded === 0;
        if (!parts.isStopped() && !isInVain) status.completedPassAt = timestamp();
        if (counts.parked + counts.pending === 0) memory.approvalDone();
        notices.passWorked();
        delete status.failure;
      } catch (error) {
        if (!isPassError(error)) throw error;
        // A stop drops the sessions when its patience ends: that is no failure.
        if (!parts.isStopped()) {
          result.error = error;
          result.codes.push(exitOf(error));
          status.failure = failureOfPass(error).reason;
          // Another one may stand there when it is back.
          if (error instanceof SiteError && error.reason === "missing") status.unseen = true;
          notices.passFailed(failureOfPass(error));
        }
      }
      passingSince = undefined;
      const isWhole = !result.error && !parts.isStopped();
      if (isWhole && counts.pending + counts.failed === 0) delete status.oldestChangeAt;
      if (counts.parked > 0) result.codes.push(EXIT.unsafe);
      if (counts.denied > 0) result.codes.push(EXIT.denied);
      if (counts.lost > 0) result.codes.push(EXIT.unreachable);
      if (counts.failed > 0) result.codes.push(EXIT.incomplete);
      Object.assign(status, { lastPassAt: timestamp(), told: notices.told() });
      // A pass that ended early says nothing of what it did not come to.
      for (const [name, count] of [
        ["pending", counts.pending],
        ["failing", counts.failed],
        ["parked", counts.parked],
      ] as const) {
        if (isWhole || count > 0) status[name] = count;
      }
      save();
      result.isLevel = isLevel;
      result.didOrFailed = counts.moved > 0 || counts.adopted > 0 || notices.news() > newsBefore;
      counts.ms = parts.monotonicMs() - startedAt;
      return result;
    },
    foresee: foresight.foresee,
    connected({ encrypted, address }) {
      log.info({ event: "connect", detail: `${address}, ${encrypted ? "encrypted" : "not encrypted"}` });
      if (encrypted || !parts.warnsWhenPlain) return;
      const detail =
        "The server offers no encryption: the password and the files travel in clear. --tls explicit would refuse that, --tls off accepts it";
      log.warn({ event: "warn", reason: "insecure", detail });
    },
    encryptionSeen() {
      if (status.encrypted) return;
      status.encrypted = true;
      save();
    },
    get hasWork() {
      return verifier.isDue || memory.intents.size + memory.doubts.size > 0;
    },
    get passingSince() {
      return passingSince;
    },
    get hasCompleted() {
      return status.completedPassAt !== undefined;
    },
  };
}
