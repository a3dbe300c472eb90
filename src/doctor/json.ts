import { prettyJson } from "../report/json.ts";
import type { Finding } from "./finding.ts";

/** One document: every field is always there, `null` where nothing is. `healthy`: no problem, warnings allowed. */
export function doctorJson(site: string, findings: readonly Finding[]): string {
  const document = {
    site,
    healthy: findings.every(({ mark }) => mark !== "problem"),
    steps: findings.map(({ step, mark, found, server, advice }) => ({
      step,
      status: mark,
      found,
      server: server ?? null,
      advice: advice ?? null,
    })),
  };
  return prettyJson(document);
}
