import { join } from "node:path";
import {
  applyRecord,
  emptyManifest,
  type Intent,
  type JournalRecord,
  type Manifest,
  type Step,
} from "../detect/manifest.ts";
import { type Approval, createApproval } from "./approval.ts";
import { diskError, makePrivateFolder, replaceFile, sweepReplacements } from "./disk.ts";
import {
  JOURNAL_FILE,
  type JournalWriter,
  journalText,
  openIntents,
  openJournal,
  openSteps,
  type ReadJournal,
  readJournal,
} from "./journal.ts";
import { MANIFEST_FILE, readIfThere, readManifestFile } from "./manifest-file.ts";
import { manifestText } from "./manifest-text.ts";
import { renamePatiently } from "./replacement.ts";
import { readStatusFile, type Status, writeStatusFile } from "./status.ts";
import type { MirrorIdentity } from "./validate.ts";

export interface Loaded {
  /** Undefined when nothing is known of the site: at a first run, or when the manifest was lost or damaged. */
  manifest: Manifest | undefined;
  /** What a killed run left half done. */
  intents: Intent[];
  /** Present when a run ended without knowing how steps ended. */
  steps?: Step[];
  /** Paths of damaged files that were put aside in the mirror's folder. */
  setAside: string[];
}

export interface State {
  readonly directory: string;
  /** The manifest with its journal folded in. Throws StateError "foreign", "newer", "unusable" or "disk". */
  load(): Loaded;
  /** One write for all. Throws StateError "disk", and then none of them was recorded. */
  append(records: JournalRecord[]): void;
  /** Brings what was appended safely to the disk. Throws StateError "disk". */
  flush(): void;
  /** Replaces the manifest and begins a fresh journal. Throws StateError "disk"; nothing recorded is lost then. */
  fold(manifest: Manifest, openIntents: Intent[], openSteps?: Step[]): void;
  /** What a fold would save: the journal's records, without its first line. */
  journalBytes(): number;
  /** Deletions that wait for a person. */
  readonly approval: Approval;
  readStatus(): Status;
  /** Throws StateError "disk". */
  writeStatus(status: Status): void;
  close(): void;
}

export interface StatePlace extends MirrorIdentity {
  /** The mirror's own folder, held by acquireLock() as long as the state is open. */
  directory: string;
  now: () => Date;
}

/** Opens one mirror's state; its folder is created when missing. Throws StateError "unusable". */
export function openState({ directory, folder, site, now }: StatePlace): State {
  const identity: MirrorIdentity = { folder, site };
  const journalFile = join(directory, JOURNAL_FILE);
  let generation = 0;
  let isLoaded = false;
  let writer: JournalWriter | undefined;
  /** What the journal must begin with, when the one on disk (if any) does not belong to the manifest. */
  let fresh: JournalRecord[] | undefined;
  makePrivateFolder(directory);

  function load(): Loaded {
    isLoaded = false;
    closeWriter();
    const found = readFiles(directory, identity);
    const { journal } = found;
    sweepReplacements(directory);
    const setAside: string[] = [];
    if (found.manifestIsDamaged) setAside.push(putManifestAside(directory, now()));
    if (journal?.damaged) setAside.push(copyJournalAside(directory, now()));
    generation = found.generation;
    if (journal && found.journalApplies && !journal.damaged) {
      writer = openJournal(journalFile, journal.soundBytes);
      fresh = undefined;
    } else {
      fresh = journal && found.journalApplies ? journal.records : stillOpen(found.intents, found.steps);
      if (journal) writer = freshJournal(fresh);
    }
    isLoaded = true;
    return { ...loadedOf(found), setAside };
  }

  function freshJournal(records: JournalRecord[]): JournalWriter {
    closeWriter();
    const text = journalText(identity, generation, records);
    replaceFile(directory, JOURNAL_FILE, text, { sync: true });
    const opened = openJournal(journalFile, Buffer.byteLength(text));
    fresh = undefined;
    return opened;
  }

  function openedJournal(): JournalWriter {
    if (!isLoaded) load();
    writer = writer && !fresh ? writer : freshJournal(fresh ?? []);
    return writer;
  }

  function closeWriter(): void {
    writer?.close();
    writer = undefined;
  }

  return {
    directory,
    load,
    append(records) {
      if (records.length > 0) openedJournal().append(records);
    },
    flush() {
      writer?.flush();
    },
    fold(manifest, intents, steps = []) {
      if (!isLoaded) load();
      replaceFile(directory, MANIFEST_FILE, manifestText(identity, generation + 1, manifest), { sync: true });
      // From here on the old journal counts as folded, by its generation, even if it can't be replaced now.
      generation += 1;
      fresh = stillOpen(intents, steps);
      openedJournal();
    },
    journalBytes() {
      const headBytes = Buffer.byteLength(journalText(identity, generation, []));
      return Math.max(0, (writer?.sizeBytes() ?? 0) - headBytes);
    },
    approval: createApproval(directory),
    readStatus: () => readStatusFile(directory),
    writeStatus: (status) => writeStatusFile(directory, { ...status, folder, site }),
    close() {
      isLoaded = false;
      try {
        writer?.flush();
      } finally {
        closeWriter();
      }
    },
  };
}

/** What load() would give, without a lock and with nothing changed: for check and dry runs. Throws like load(). */
export function peekState(directory: string, identity: MirrorIdentity): Omit<Loaded, "setAside"> {
  const found = readFiles(directory, identity);
  return loadedOf(found);
}

/** The same for a run that only looks: nothing is written, and what is told to be recorded is forgotten. */
export function readOnlyState(directory: string, identity: MirrorIdentity): State {
  return {
    directory,
    load: () => ({ ...peekState(directory, identity), setAside: [] }),
    append() {},
    flush() {},
    fold() {},
    journalBytes: () => 0,
    approval: { park() {}, parked: () => [], approved: () => [], approve: () => 0, done() {} },
    readStatus: () => readStatusFile(directory),
    writeStatus() {},
    close() {},
  };
}

interface Found {
  manifest: Manifest | undefined;
  manifestIsDamaged: boolean;
  generation: number;
  intents: Intent[];
  journal: ReadJournal | undefined;
  /** Its records go on from this manifest. Otherwise only what is open in it counts. */
  journalApplies: boolean;
  /** Of a journal that goes on from this manifest, or was folded into it. */
  steps: Step[];
}

function readFiles(directory: string, identity: MirrorIdentity): Found {
  const read = readManifestFile(join(directory, MANIFEST_FILE), identity);
  const journal = readJournal(join(directory, JOURNAL_FILE), identity);
  const generation = read.kind === "read" ? read.generation : 0;
  const journalApplies = read.kind !== "damaged" && journal?.generation === generation;
  let manifest = read.kind === "read" ? read.manifest : undefined;
  if (journal && journalApplies) {
    for (const record of journal.records) {
      if (record.op === "intend" || record.op === "settle" || record.op === "begin" || record.op === "end") continue;
      manifest ??= emptyManifest();
      applyRecord(manifest, record);
    }
  }
  const intents = openIntents(journal?.records ?? []);
  const wasFolded = read.kind === "read" && journal?.generation === generation - 1;
  const steps = openSteps(journal && (journalApplies || wasFolded) ? journal.records : []);
  return { manifest, manifestIsDamaged: read.kind === "damaged", generation, intents, journal, journalApplies, steps };
}

function loadedOf({ manifest, intents, steps }: Found): Omit<Loaded, "setAside"> {
  return { manifest, intents, ...(steps.length > 0 && { steps }) };
}

/** What a fresh journal begins with. */
function stillOpen(intents: readonly Intent[], steps: readonly Step[]): JournalRecord[] {
  const records: JournalRecord[] = intents.map((intent) => ({ op: "intend", intent }));
  return steps.length > 0 ? [...records, { op: "begin", steps: [...steps] }] : records;
}

function putManifestAside(directory: string, at: Date): string {
  const name = asideName(directory, "manifest", "json", at);
  try {
    renamePatiently(join(directory, MANIFEST_FILE), join(directory, name));
  } catch (error) {
    throw diskError("set aside", join(directory, MANIFEST_FILE), error);
  }
  return join(directory, name);
}

/** A copy: the sound part goes on in the journal's place, and no crash in between may lose it. */
function copyJournalAside(directory: string, at: Date): string {
  const name = asideName(directory, "journal", "jsonl", at);
  replaceFile(directory, name, readIfThere(join(directory, JOURNAL_FILE)) ?? "", { sync: true });
  return join(directory, name);
}

function asideName(directory: string, stem: string, ending: string, at: Date): string {
  const date = at.toISOString().slice(0, 19).replaceAll(":", "-");
  for (let number = 1; ; number++) {
    const name = `${stem}.damaged-${date}Z${number > 1 ? `-${number}` : ""}.${ending}`;
    if (!readIfThere(join(directory, name))) return name;
  }
}
