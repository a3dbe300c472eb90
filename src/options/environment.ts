import { type Given, parseValue, unusable } from "./given.ts";
import { ROWS } from "./options.ts";
import { type Command, isOptionOf, type Row, variableOf } from "./row.ts";
import { EXPECTED_SWITCH, parseSwitch } from "./values.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the `MIROIR_*` variables give to the options of `command`; variables of the options in `overridden` are not even read. */
export function readEnvironment(env: Environment, command: Command, overridden: ReadonlySet<string>): Given[] {
  const rows = [...ROWS].filter(([name, row]) => isOptionOf(command, row) && !overridden.has(name));
  return rows.flatMap(([name, row]) => readVariable(name, row, env[variableOf(name)]));
}

function readVariable(name: string, row: Row, text: string | undefined): Given[] {
  if (text === undefined) return [];
  const origin = variableOf(name);
  const source = "environment";
  if (row.kind === "switch") {
    const given = text === "" ? false : parseSwitch(text);
    if (given === undefined) throw unusable(text, origin, EXPECTED_SWITCH);
    return [{ name, source, value: given ? !row.default : row.default }];
  }
  if (row.kind === "rule") {
    const items = text.split(/\r?\n/).filter((item) => item !== "");
    return items.map((item) => ({ name, source, value: parseValue(row, item, origin) }));
  }
  // Scripts and container files often cannot leave a variable out: empty counts as not set.
  if (text === "" || row.lateEnvironment) return [];
  return [{ name, source, value: parseValue(row, text, origin) }];
}
