import type { Given, Source } from "./given.ts";
import type { Sources } from "./invocation.ts";
import { type Options, ROWS } from "./options.ts";
import type { Profile } from "./profile.ts";
import { type Command, isOptionOf } from "./row.ts";

export interface Merged {
  options: Options;
  sources: Sources;
}

/** Later values win, beginning with the defaults; rules add up in their order. */
export function merge(layers: Given[]): Merged {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, Source>();
  const rules: unknown[] = [];
  for (const [name, row] of ROWS) {
    values[row.property] = row.kind === "rule" ? rules : row.default;
    sources.set(name, "default");
  }
  for (const { name, source, value } of layers) {
    const row = ROWS.get(name);
    if (row === undefined) continue;
    if (row.kind === "rule") rules.push(value);
    else values[row.property] = value;
    sources.set(name, source);
  }
  // Options is derived from the very table that was walked.
  return { options: values as Options, sources };
}

/** These are SITE: one on the command line replaces all of them. */
const ADDRESS = ["host", "port", "user", "remote-dir"];

/** What the profile gives to the options of `command`; its list of rules gives way to any rule from above as a whole. */
export function lowerLayer(
  profile: Profile | undefined,
  command: Command,
  higher: readonly Given[],
  isSiteGiven: boolean,
): Given[] {
  const isRule = ({ name }: Given) => ROWS.get(name)?.kind === "rule";
  const keepsRules = !higher.some(isRule);
  return (profile?.given ?? []).filter((given) => {
    const row = ROWS.get(given.name);
    if (row === undefined || !isOptionOf(command, row)) return false;
    return isRule(given) ? keepsRules : !(isSiteGiven && ADDRESS.includes(given.name));
  });
}
