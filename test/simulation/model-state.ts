import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalRecord, Manifest } from "../../src/detect/manifest.ts";
import { JOURNAL_FILE } from "../../src/state/journal.ts";
import type { State } from "../../src/state/state.ts";
import { Killed, type Process } from "./process.ts";

/** Who is told what the state has taken. */
export interface StateWitness {
  recorded(records: readonly JournalRecord[]): void;
  /** The manifest was replaced. */
  folded(manifest: Manifest): void;
}

/** A real state on the disk, at whose writes the process may die. */
export function watchState(state: State, process: Process, witness: StateWitness): State {
  const journal = join(state.directory, JOURNAL_FILE);

  function attempt(what: string, effect: () => void, torn: () => void): void {
    if (!process.attempt(what, effect, torn)) throw new Killed(what);
  }

  return {
    ...state,
    append(records) {
      if (records.length === 0) return;
      const what = `journal: ${records.map((record) => JSON.stringify(record)).join(" ")}`;
      const write = () => {
        state.append(records);
        witness.recorded(records);
      };
      const tear = () => {
        state.append(records);
        truncateSync(journal, readFileSync(journal).length - 3);
        witness.recorded(records.slice(0, -1));
      };
      attempt(what, write, tear);
    },
    fold(...folded) {
      const write = () => {
        state.fold(...folded);
        witness.folded(folded[0]);
      };
      // Between the two files: the new manifest with the old journal.
      const tear = () => {
        const before = state.journalBytes() > 0 ? readFileSync(journal) : undefined;
        write();
        if (before) writeFileSync(journal, before);
      };
      attempt("fold", write, tear);
    },
    flush() {
      if (process.isDead) throw new Killed("flush");
      state.flush();
    },
    writeStatus(status) {
      attempt(
        "status",
        () => state.writeStatus(status),
        () => {},
      );
    },
  };
}
