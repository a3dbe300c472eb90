import type { Source } from "./given.ts";
import type { PairInvocation, SiteInvocation } from "./invocation.ts";
import { ROWS } from "./options.ts";
import { flagOf, formatValue, isOptionOf } from "./row.ts";
import { maskPassword } from "./usage-error.ts";

export interface EffectiveOption {
  /** Or the name of an argument. */
  flag: string;
  /** As the user would write it; `***` for a secret, `undefined` where there is none. */
  value: string | undefined;
  source: Source;
}

/** FOLDER, SITE and every option of the command with its value and where that came from, for `--debug`. */
export function effectiveOptions(
  invocation: SiteInvocation & Partial<Pick<PairInvocation, "folder" | "folderSource">>,
): EffectiveOption[] {
  const { command, options, sources, folder, folderSource = "default", site, siteSource } = invocation;
  const values: Readonly<Record<string, unknown>> = options;
  const rows = [...ROWS].filter(([, row]) => isOptionOf(command, row));
  return [
    { flag: "FOLDER", value: folder, source: folderSource },
    { flag: "SITE", value: site === undefined ? undefined : maskPassword(site), source: siteSource },
    ...rows.map(([name, row]) => ({
      flag: flagOf(name),
      value: formatValue(row, values[row.property]),
      source: sources.get(name) ?? "default",
    })),
  ];
}
