import {
  applyRecord,
  emptyManifest,
  followSteps,
  type Intent,
  type JournalRecord,
  type Manifest,
  type Step,
} from "../../src/detect/manifest.ts";
import type { RelPath } from "../../src/detect/tree.ts";
import type { State } from "../../src/state/state.ts";
import type { Status } from "../../src/state/status.ts";

export interface MemoryState extends State {
  readonly records: JournalRecord[];
  /** What a new process would load. */
  stored(): Manifest | undefined;
}

/** A mirror's state that outlives the mirror, as the disk does, but not the test. */
export function createMemoryState(initial?: Manifest, initialStatus: Partial<Status> = {}): MemoryState {
  let manifest = initial && copy(initial);
  let status: Status = { told: [], ...initialStatus };
  let parked: RelPath[] = [];
  let approved: RelPath[] = [];
  const intents = new Map<string, Intent>();
  const steps = new Map<string, Step>();
  const records: JournalRecord[] = [];

  return {
    directory: "in memory",
    records,
    stored: () => manifest && copy(manifest),
    load: () => ({
      manifest: manifest && copy(manifest),
      intents: [...intents.values()],
      steps: [...steps.values()],
      setAside: [],
    }),
    append(added) {
      for (const record of added) {
        records.push(record);
        if (record.op === "intend") intents.set(record.intent.id, record.intent);
        else if (record.op === "settle") intents.delete(record.id);
        else if (record.op === "begin" || record.op === "end") followSteps(steps, record);
        else {
          manifest ??= emptyManifest();
          applyRecord(manifest, record);
          followSteps(steps, record);
          if (record.op === "put" && record.settles !== undefined) intents.delete(record.settles);
        }
      }
    },
    flush() {},
    fold(folded) {
      manifest = copy(folded);
    },
    journalBytes: () => 0,
    approval: {
      park(paths) {
        parked = [...paths];
      },
      parked: () => parked,
      approved: () => approved,
      approve() {
        approved = parked;
        parked = [];
        return approved.length;
      },
      done() {
        approved = [];
      },
    },
    readStatus: () => structuredClone(status),
    writeStatus(written) {
      status = structuredClone(written);
    },
    close() {},
  };
}

function copy({ files, folders }: Manifest): Manifest {
  return { files: new Map([...files].map(([path, entry]) => [path, { ...entry }])), folders: new Set(folders) };
}
