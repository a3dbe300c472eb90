import { join } from "node:path";
import { openFile, ReadError } from "../detect/content.ts";
import { type Change, findVanished } from "../detect/diff.ts";
import { applyRecord, type Intent, type JournalRecord, type Manifest } from "../detect/manifest.ts";
import { deviceOf, FolderError, type ScanOptions } from "../detect/scan.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";
import { isEmpty, type Plan, plan } from "../plan/plan.ts";
import { type Content, SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode } from "../report/exit.ts";
import type { Reason } from "../report/reasons.ts";
import { StateError } from "../state/errors.ts";
import type { Status } from "../state/status.ts";
import { adoptSite } from "./adoption.ts";
import { type Counts, createCounts } from "./counts.ts";
import { execute, failureOf } from "./execute.ts";
import { look, settledScan } from "./look.ts";
import { createNotices } from "./notices.ts";
import { logRecordOf, type Outcome, recordsOf } from "./outcome.ts";
import type { MirrorParts } from "./parts.ts";
import { createPauses } from "./pauses.ts";
import { withRetries } from "./retry.ts";
import { survey } from "./survey.ts";

export interface PassResult {
  /** Every exit code that applies; none when all is in sync. */
  codes: OutcomeCode[];
  /** Whether there is something to tell that was not told before. */
  didOrFailed: boolean;
  /** What ended the pass early. */
  error?: SiteError | FolderError | StateError;
  counts: Counts;
}

export interface Mirror {
  /** Brings the site up to date once. Every outcome is recorded and logged as it happens; nothing is thrown but bugs. */
  pass(): Promise<PassResult>;
  /** A first session is open: told, and an encrypted one is remembered for ever. */
  connected(session: { encrypted: boolean; address: string }): void;
  /** Whether a pass of this pair has ever been completed, in this run or before. */
  readonly hasCompleted: boolean;
  /** Folds the journal. */
  close(): void;
}

/** Loads what is known of the site. @throws StateError of a manifest that must not be used */
export function createMirror(parts: MirrorParts): Mirror {
  const { folder, site, state, log, now } = parts;
  const loaded = state.load();
  const status: Status = state.readStatus();
  const notices = createNotices(log, now, status.told, () => parts.isWatch && status.completedPassAt !== undefined);
  const pauses = createPauses(now, parts.random);
  let manifest: Manifest | undefined = loaded.manifest;
  const intents = new Map<string, Intent>(loaded.intents.map((intent) => [intent.id, intent]));
  for (const file of loaded.setAside) {
    log.warn({
      event: "warn",
      reason: "manifest",
      detail: `"${file}" was damaged and is set aside: what the server holds is adopted`,
    });
  }

  function record(records: JournalRecord[]): void {
    for (const each of records) {
      if (manifest) applyRecord(manifest, each);
      if (each.op === "intend") intents.set(each.intent.id, each.intent);
      if (each.op === "settle") intents.delete(each.id);
      if (each.op === "put" && each.settles !== undefined) intents.delete(each.settles);
    }
    state.append(records);
  }

  /** What a killed run left half done is put right before anything else is. */
  async function recoverIntents(): Promise<void> {
    for (const intent of [...intents.values()]) {
      await withRetries(
        () => site.recover(intent),
        parts,
        (error, tryNumber) => log.warn({ event: "retry", path: intent.path, try: tryNumber, detail: error.message }),
      );
      record([{ op: "settle", id: intent.id }]);
    }
  }

  async function readSnapshot(counts: Counts): Promise<{ scan: ScanOptions; snapshot: Snapshot }> {
    const scan = parts.readScan();
    const snapshot = await settledScan(folder, scan, parts.sleep);
    counts.failed += notices.skipped(snapshot.skipped.values());
    return { scan, snapshot };
  }

  async function connect(mayCreate: boolean): Promise<void> {
    await withRetries(
      () => site.open(mayCreate),
      parts,
      (error, tryNumber) => log.warn({ event: "retry", try: tryNumber, reason: error.reason, detail: error.message }),
    );
    await recoverIntents();
  }

  /** Entries on the site, in scope, that nobody here knows: what `--delete all` deletes. */
  async function foreignChanges(snapshot: Snapshot, known: Manifest, scan: ScanOptions): Promise<Change[]> {
    const isInside = (path: RelPath) => scan.scope.isInside(path, true);
    const remote = await survey(site, isInside, parts, (path, error, tryNumber) =>
      log.warn({ event: "retry", path, try: tryNumber, detail: error.message }),
    );
    for (const path of known.files.keys()) remote.files.delete(path);
    for (const path of known.folders) remote.folders.delete(path);
    const strangers: Manifest = { files: new Map(), folders: remote.folders };
    for (const path of remote.files.keys()) strangers.files.set(path, { mtimeMs: 0, sizeBytes: 0, sha1: "" });
    const { files, folders } = findVanished(strangers, snapshot, scan.scope);
    return [
      ...files.map((path): Change => ({ kind: "file-removed", path })),
      ...folders.map((path): Change => ({ kind: "folder-removed", path })),
    ];
  }

  function distrust(snapshot: Snapshot, known: Manifest): "empty" | "device" | undefined {
    const isEmptied = snapshot.files.size + snapshot.folders.size === 0 && known.files.size + known.folders.size > 0;
    if (isEmptied && snapshot.problems.length === 0) return "empty";
    return status.device !== undefined && status.device !== deviceOf(folder) ? "device" : undefined;
  }

  async function run(counts: Counts): Promise<void> {
    const { scan, snapshot } = await readSnapshot(counts);
    let isConnected = false;
    if (manifest === undefined) {
      await connect(true);
      isConnected = true;
      const adopted = await adoptSite(parts, snapshot);
      // Folded at once: a manifest that exists is a whole one.
      state.fold(adopted, [...intents.values()]);
      manifest = adopted;
      counts.adopted = adopted.files.size;
    } else if (intents.size > 0) {
      await connect(status.completedPassAt === undefined);
      isConnected = true;
    }
    const known = manifest;
    const changesOf = await look(folder, snapshot, known, { scan, checksum: parts.checksum, now });
    for (const { path, reason, detail } of snapshot.problems) {
      counts.failed++;
      notices.failed(path, { reason, detail });
    }
    let foreign: Change[] = [];
    if (parts.delete === "all") {
      if (!isConnected) await connect(status.completedPassAt === undefined);
      isConnected = true;
      foreign = await foreignChanges(snapshot, known, scan);
    }
    const unrenamable = new Set<RelPath>();
    // A refused rename becomes an upload and a deletion in the same pass.
    for (let round = 0; round < 2; round++) {
      const refusedBefore = unrenamable.size;
      const planned = plan([...changesOf(unrenamable), ...foreign], {
        delete: parts.delete,
        maxDelete: parts.maxDelete,
        knownEntries: known.files.size + known.folders.size,
        approved: new Set(),
        distrust: distrust(snapshot, known),
      });
      const due = pauses.holdBack(planned);
      counts.pending = due.held;
      tellParked(planned, counts);
      for (const path of planned.blocked) {
        counts.failed++;
        notices.failed(path, {
          reason: "blocked",
          detail: `Cannot mirror "${path}": what stands in its place on the server may not be deleted`,
        });
      }
      if (isEmpty(due.plan)) break;
      if (!isConnected && !onlyNotes(due.plan)) {
        await connect(status.completedPassAt === undefined);
        isConnected = true;
      }
      await carryOut(due.plan, counts, unrenamable);
      if (unrenamable.size === refusedBefore || parts.isStopped()) break;
    }
    if (planHasSettled(counts)) status.device = deviceOf(folder);
  }

  async function carryOut(due: Plan, counts: Counts, unrenamable: Set<RelPath>): Promise<void> {
    await execute(due, {
      ...parts,
      open: async (path): Promise<Content> => openFile(join(folder, path), path),
      intend: (intent) => record([{ op: "intend", intent }]),
      onOutcome: (outcome) => settle(outcome, counts, unrenamable),
      onRetry: (path, error, tryNumber) =>
        log.warn({ event: "retry", path, try: tryNumber, reason: error.reason, detail: error.message }),
      localFailure: (error) => (error instanceof ReadError ? error.problem : undefined),
    });
  }

  function settle(outcome: Outcome, counts: Counts, unrenamable: Set<RelPath>): void {
    const { action } = outcome;
    if (outcome.status === "failed" && action.op === "rename") {
      unrenamable.add(action.from);
      log.warn({
        event: "retry",
        path: action.path,
        from: action.from,
        reason: outcome.failure.reason,
        detail: `${outcome.failure.detail}. It is uploaded instead`,
      });
      return;
    }
    record(recordsOf(outcome));
    counts.add(outcome);
    if (outcome.status === "failed") {
      pauses.failed(action.path);
      notices.failed(action.path, outcome.failure);
      return;
    }
    pauses.mended(action.path);
    notices.mended(action.path);
    const line = logRecordOf(outcome);
    if (line) log.info(line);
  }

  function tellParked({ parked, parkedBecause }: Plan, counts: Counts): void {
    counts.parked = parked.length;
    if (parked.length === 0) return;
    const why = {
      empty: `FOLDER is suddenly empty: ${parked.length} deletions wait. If it was emptied on purpose`,
      device: `FOLDER is on another disk than before: ${parked.length} deletions wait. If that is right`,
      "max-delete": `${parked.length} deletions are more than --max-delete allows, and wait. If they are meant`,
    }[parkedBecause ?? "max-delete"];
    notices.parked(parked, `${why}, run once with --max-delete none`);
  }

  return {
    async pass() {
      const counts = createCounts();
      const result: PassResult = { codes: [], didOrFailed: false, counts };
      const newsBefore = notices.news();
      const startedAt = performance.now();
      try {
        await run(counts);
        if (!parts.isStopped()) status.completedPassAt = new Date(now()).toISOString();
      } catch (error) {
        if (!(error instanceof SiteError || error instanceof FolderError || error instanceof StateError)) throw error;
        // Sessions that were dropped at the end of a stop's patience.
        if (parts.isStopped()) return result;
        result.error = error;
        result.codes.push(codeOf(error));
        notices.passFailed(
          error instanceof SiteError ? failureOf(error) : { reason: reasonOf(error), detail: error.message },
        );
      }
      if (counts.parked > 0) result.codes.push(EXIT.unsafe);
      if (counts.failed > 0) result.codes.push(EXIT.incomplete);
      if (counts.lost > 0) result.codes.push(EXIT.unreachable);
      status.lastPassAt = new Date(now()).toISOString();
      status.told = notices.told();
      Object.assign(status, { pending: counts.pending, failing: counts.failed, parked: counts.parked });
      save();
      if (!result.error) notices.passWorked();
      result.didOrFailed = counts.moved > 0 || counts.adopted > 0 || notices.news() > newsBefore;
      result.counts.ms = performance.now() - startedAt;
      return result;
    },
    connected({ encrypted, address }) {
      log.info({ event: "connect", detail: `${address}, ${encrypted ? "encrypted" : "not encrypted"}` });
      if (encrypted && !status.encrypted) {
        status.encrypted = true;
        save();
      }
      if (encrypted || !parts.warnsWhenPlain) return;
      log.warn({
        event: "warn",
        reason: "insecure",
        detail:
          "The server offers no encryption: the password and the files travel in clear. --tls explicit would refuse that, --tls off accepts it",
      });
    },
    get hasCompleted() {
      return status.completedPassAt !== undefined;
    },
    close() {
      if (manifest && state.journalBytes() > 0) state.fold(manifest, [...intents.values()]);
    },
  };

  function save(): void {
    try {
      state.flush();
      state.writeStatus(status);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      log.error({ event: "fail", reason: "manifest", detail: error.message });
    }
  }
}

function onlyNotes(due: Plan): boolean {
  return isEmpty({ ...due, notes: [] });
}

/** No deletion is open: the device FOLDER is on now is the one to expect. */
function planHasSettled(counts: Counts): boolean {
  return counts.parked === 0;
}

function codeOf(error: SiteError | FolderError | StateError): OutcomeCode {
  if (error instanceof FolderError) return EXIT.unsafe;
  if (error instanceof StateError) return error.kind === "disk" || error.kind === "unusable" ? EXIT.usage : EXIT.unsafe;
  return exitOf(error.reason);
}

function reasonOf(error: FolderError | StateError): Reason {
  return error instanceof FolderError ? "folder" : "manifest";
}

function exitOf(reason: Reason): OutcomeCode {
  switch (reason) {
    case "login":
    case "tls":
      return EXIT.denied;
    case "missing":
      return EXIT.unsafe;
    case "unsupported":
    case "refused":
      return EXIT.incomplete;
    default:
      return EXIT.unreachable;
  }
}
