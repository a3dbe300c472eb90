import { whyMissing } from "../servers/real.ts";
import type { Experiment } from "./experiment.ts";
import { isInstalled } from "./tools.ts";

/** The servers and programs that these experiments need and this machine has not, each with the reason. */
export function missingFor(experiments: readonly Experiment[]): string[] {
  const servers = new Set(experiments.flatMap((experiment) => experiment.servers));
  const tools = new Set(experiments.flatMap((experiment) => experiment.tools));
  return [
    ...[...servers].flatMap((kind) => {
      const why = whyMissing(kind);
      return why === undefined ? [] : [`${kind} (${why})`];
    }),
    ...[...tools].filter((tool) => !isInstalled(tool)).map((tool) => `${tool} (not installed)`),
  ];
}
