import type { Row, Rule } from "./row.ts";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

const SOURCES = ["flag", "environment", "profile", "default"] as const;
export type Source = (typeof SOURCES)[number];

/** Whether what `one` gives holds, where the other gives something too. FOLDER and SITE themselves count as flags. */
export function outranks(one: Source, other: Source): boolean {
  return SOURCES.indexOf(one) < SOURCES.indexOf(other);
}

/** One value that one layer gives to one option; each rule is one of its own. */
export interface Given {
  /** The option's name. */
  name: string;
  source: Source;
  value: unknown;
}

/** `origin` is the flag or variable, as the message names it. Throws UsageError, without the value when it is secret. */
export function parseValue(row: Exclude<Row, { kind: "switch" }>, text: string, origin: string): unknown {
  if (row.kind === "rule") {
    if (text === "" || text.includes("\0")) throw unusable(text, origin, `a ${row.hint} that is not empty`);
    return { kind: row.rule, value: text } satisfies Rule;
  }
  const value = row.type.parse(text);
  if (value !== undefined) return value;
  if (!row.secret) throw unusable(text, origin, row.type.expected);
  throw new UsageError(`Cannot use the value of ${quote(origin)}: expected ${row.type.expected}`, origin);
}

export function unusable(text: string, origin: string, expected: string): UsageError {
  return new UsageError(`Cannot use ${quote(maskPassword(text))} for ${quote(origin)}: expected ${expected}`, origin);
}
