import {
  applyRecord,
  createOpenIntents,
  followSteps,
  type Intent,
  type JournalRecord,
  keyOf,
  type Manifest,
  type Step,
} from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import type { State } from "../state/state.ts";
import type { Status } from "../state/status.ts";

/** What is known of the site, in memory and on the disk at once. */
export interface Memory {
  /** Undefined as long as nothing is known: before a first run, or when the manifest was lost. */
  readonly manifest: Manifest | undefined;
  /** What was begun and is not known to have ended. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** The oldest intent of a path. */
  intentAt(path: RelPath): Intent | undefined;
  /** Steps that were asked for and whose end is not known. */
  readonly doubts: ReadonlyMap<string, Step>;
  readonly status: Status;
  /** Paths of damaged files that were set aside. */
  readonly setAside: readonly string[];
  /** Takes over what the site was found to hold. A manifest that exists is a whole one. @throws StateError */
  adopt(manifest: Manifest): void;
  /**
   * Takes them over at once. They stand in the journal before anything else is asked of the site (`commit`), and at the
   * latest when the event loop has nothing else to do.
   */
  record(records: JournalRecord[]): void;
  /** Writes what was recorded to the journal, all in one. @throws StateError "disk"; then it is still to be written */
  commit(): void;
  /** Deletions a person has let go. */
  approved(): ReadonlySet<RelPath>;
  park(paths: readonly RelPath[]): void;
  /** What was approved has been carried out. */
  approvalDone(): void;
  /** Brings journal and status safely to the disk. @throws StateError "disk" */
  save(): void;
  /** Folds the journal, if there is anything in it. @throws StateError "disk" */
  fold(): void;
}

/** The journal is folded into the manifest when it has grown past this share of it. */
const FOLD_SHARE = 0.5;
/** An idle watch writes its status no more often: the disk of a NAS should sleep. */
const STATUS_EVERY_MS = 60_000;
const SMALLEST_FOLD_BYTES = 1_000_000;
const BYTES_PER_ENTRY = 150;

/**
 * @param later calls back in a moment: when what has come in meanwhile has been dealt with
 * @throws StateError of a manifest that must not be used
 */
export function createMemory(state: State, later: (callback: () => void) => void = setImmediate): Memory {
  const loaded = state.load();
  const status = state.readStatus();
  const open = createOpenIntents();
  for (const intent of loaded.intents) open.follow({ op: "intend", intent });
  const intents = open.byId;
  const doubts = new Map((loaded.steps ?? []).map((step) => [keyOf(step), step]));
  let { manifest } = loaded;
  let usesApproval = false;
  let uncommitted: JournalRecord[] = [];
  let saved = { text: "", at: "" };

  function commit(): void {
    if (uncommitted.length === 0) return;
    state.append(uncommitted);
    uncommitted = [];
  }

  function commitLater(): void {
    later(() => {
      try {
        commit();
      } catch {
        // It is still to be written: whoever asks for that next is told.
      }
    });
  }

  function fold(): void {
    commit();
    if (manifest && state.journalBytes() > 0) state.fold(manifest, [...intents.values()], [...doubts.values()]);
  }

  return {
    get manifest() {
      return manifest;
    },
    intents,
    intentAt: open.at,
    doubts,
    status,
    setAside: loaded.setAside,
    adopt(adopted) {
      commit();
      state.fold(adopted, [...intents.values()]);
      manifest = adopted;
    },
    record(records) {
      for (const each of records) {
        if (manifest) applyRecord(manifest, each);
        followSteps(doubts, each);
        open.follow(each);
      }
      if (uncommitted.length === 0 && records.length > 0) commitLater();
      uncommitted.push(...records);
    },
    commit,
    approved() {
      const approved = new Set(state.approval.approved());
      usesApproval = approved.size > 0;
      return approved;
    },
    park(paths) {
      state.approval.park(paths);
    },
    approvalDone() {
      // One that came in after the plan was made is for the next pass.
      commit();
      if (usesApproval) state.approval.done();
    },
    save() {
      commit();
      state.flush();
      const { lastPassAt, ...rest } = status;
      const text = JSON.stringify(rest);
      const age = Date.parse(lastPassAt ?? "") - Date.parse(saved.at);
      if (text !== saved.text || !(age < STATUS_EVERY_MS)) {
        state.writeStatus(status);
        saved = { text, at: lastPassAt ?? "" };
      }
      const manifestBytes = manifest ? manifest.files.size * BYTES_PER_ENTRY : 0;
      if (state.journalBytes() > Math.max(SMALLEST_FOLD_BYTES, manifestBytes * FOLD_SHARE)) fold();
    },
    fold,
  };
}
