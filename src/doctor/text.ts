import { escapeText } from "../report/escape.ts";
import { wrapped } from "../report/wrap.ts";
import { type Finding, type Mark, STEPS } from "./finding.ts";

export interface Look {
  /** Columns of the terminal; `Infinity` where lines have no end. */
  width: number;
  color: boolean;
  /** ✓ and ✗ can be shown. */
  unicode: boolean;
}

const MARKS: Record<Mark, { unicode: string; ascii: string; tint: string }> = {
  ok: { unicode: "✓", ascii: "ok", tint: "\x1b[32m" },
  warning: { unicode: "!", ascii: "!", tint: "\x1b[33m" },
  problem: { unicode: "✗", ascii: "x", tint: "\x1b[31m" },
  skipped: { unicode: "-", ascii: "-", tint: "" },
};
const RESET = "\x1b[39m";
const LABEL_COLUMNS = Math.max(...Object.values(STEPS).map((label) => label.length));
/** Where less is left for the words, they stand below their label. */
const FEWEST_COLUMNS = 40;

/** Findings for people, in their order; what was not tried for one reason is one. */
export function findingsLines(findings: readonly Finding[], look: Look): string[] {
  const lines: string[] = [];
  for (const [index, finding] of findings.entries()) {
    if (finding.mark !== "skipped") {
      lines.push(...findingLines(finding, look));
      continue;
    }
    if (isSameSkip(findings[index - 1], finding)) continue;
    const rest = findings.slice(index);
    const end = rest.findIndex((each) => !isSameSkip(each, finding));
    const steps = (end < 0 ? rest : rest.slice(0, end)).map(({ step }) => STEPS[step]);
    lines.push(...entryLines("skipped", "not tried", [`${steps.join(", ")}: ${finding.found}`], look));
  }
  return lines;
}

function isSameSkip(one: Finding | undefined, other: Finding): boolean {
  return one?.mark === "skipped" && one.found === other.found;
}

/** One finding: mark, step and words, then the server's words and the advice. */
function findingLines({ step, mark, found, server, advice }: Finding, look: Look): string[] {
  // A greeting and what was amiss; when all went well the server's words say nothing more.
  const words = server !== undefined && (mark !== "ok" || step === "port") ? [`The server: ${server}`] : [];
  const arrow = look.unicode ? "→" : "->";
  return entryLines(mark, STEPS[step], [found, ...words, ...(advice ? [`${arrow} ${advice}`] : [])], look);
}

function entryLines(mark: Mark, label: string, told: readonly string[], look: Look): string[] {
  const { unicode, ascii, tint } = MARKS[mark];
  const sign = (look.unicode ? unicode : ascii).padEnd(look.unicode ? 1 : 2);
  const head = `${sign} ${label.padEnd(LABEL_COLUMNS)}`;
  const isNarrow = look.width - head.length - 2 < FEWEST_COLUMNS;
  const indent = " ".repeat(isNarrow ? sign.length + 3 : head.length + 2);
  const lines = told.flatMap((text) => wrapped(escapeText(text), look.width - indent.length));
  const tinted = look.color && tint !== "" ? tint + sign + RESET : sign;
  const first = tinted + head.slice(sign.length);
  if (isNarrow) return [first.trimEnd(), ...lines.map((line) => indent + line)];
  const [one = "", ...others] = lines;
  return [`${first}  ${one}`, ...others.map((line) => indent + line)];
}

export function summaryLine(findings: readonly Finding[]): string {
  const count = (mark: Mark) => findings.filter((finding) => finding.mark === mark).length;
  const counted = (mark: "problem" | "warning") => `${count(mark)} ${mark}${count(mark) === 1 ? "" : "s"}`;
  const warnings = count("warning") > 0 ? `, ${counted("warning")}` : "";
  return count("problem") > 0 ? counted("problem") + warnings : `Ready to mirror${warnings}`;
}
