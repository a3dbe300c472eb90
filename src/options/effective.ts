import type { Source } from "./given.ts";
import { ROWS } from "./options.ts";
import type { RunInvocation } from "./resolve.ts";
import { flagOf, formatValue, isOptionOf } from "./row.ts";

export interface EffectiveOption {
  flag: string;
  /** As the user would write it; `***` for a secret, `undefined` where there is none. */
  value: string | undefined;
  source: Source;
}

/** Every option of the command with its value and where that came from, for `--debug`. */
export function effectiveOptions({ command, options, sources }: RunInvocation): EffectiveOption[] {
  const values: Readonly<Record<string, unknown>> = options;
  return [...ROWS]
    .filter(([, row]) => isOptionOf(command, row))
    .map(([name, row]) => ({
      flag: flagOf(name),
      value: formatValue(row, values[row.property]),
      source: sources.get(name) ?? "default",
    }));
}
