import { readFileSync } from "node:fs";
import { linesOf } from "../detect/ignore.ts";
import type { Rule } from "../options/row.ts";
import type { SiteAddress } from "../options/site-address.ts";
import { UsageError } from "../options/usage-error.ts";
import type { Trust } from "../remote/trust.ts";
import { wordsOf } from "../report/system-error.ts";

/** @throws UsageError */
export function trustOf({ tls }: SiteAddress): Trust {
  return {
    insecure: tls.insecure,
    ...(tls.fingerprint !== undefined && { fingerprint: tls.fingerprint }),
    ...(tls.caFile !== undefined && { authorities: readUserFile(tls.caFile, "--tls-ca") }),
  };
}

/** Lines of gitignore. @throws UsageError */
export function patternsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ kind, value }) => {
    if (kind === "ignore-file") return linesOf(readUserFile(value, "--ignore-file"));
    return [kind === "include" ? `!${value}` : value];
  });
}

function readUserFile(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read "${file}" given by ${flag}: ${wordsOf(error)}`, flag);
  }
}
