import { parseArgs } from "node:util";
import type { Experiment } from "./experiment.ts";
import { experiments } from "./experiments.ts";
import { SIZES, type Size } from "./size.ts";

export interface Settings {
  size: Size;
  rounds: number;
  chosen: Experiment[];
  /** Whether the documents are written anew. */
  isWritten: boolean;
  /** Only names are asked for. */
  isList: boolean;
}

/** Throws in one line when they make no sense. */
export function settingsOf(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "" },
      rounds: { type: "string" },
      size: { type: "string", default: "full" },
      write: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  if (!isSize(values.size)) {
    throw new Error(`Cannot run size "${values.size}": expected one of ${Object.keys(SIZES).join(", ")}`);
  }
  const size = SIZES[values.size];
  const rounds = Number(values.rounds ?? (size.isJudged ? 3 : 1));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`Cannot run "${values.rounds}" rounds: expected 1 or more`);
  }
  const texts = values.rows.split(",").map((text) => text.trim());
  const chosen = experiments(size).filter(({ name }) => texts.some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Error(`Cannot find an experiment with "${values.rows}" in its name: see --list`);
  if (values.write && (values.rows !== "" || !size.isJudged)) {
    throw new Error("Cannot write docs/bench.md from a part: --write goes without --rows and --size tiny");
  }
  return { size, rounds, chosen, isWritten: values.write, isList: values.list };
}

function isSize(name: string): name is keyof typeof SIZES {
  return Object.hasOwn(SIZES, name);
}
