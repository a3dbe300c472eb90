import { folderShown } from "../mirror/outcome.ts";
import { escapeText } from "../report/escape.ts";
import { wrapped } from "../report/wrap.ts";
import { type CheckReport, DIFFERENCES, type Difference, type DifferenceKind, type Side } from "./report.ts";

const HEADER = ["DIFFERENCE", "PATH", "HERE", "ON THE SITE"];
const GAP = "  ";

/** A comparison for people. @param width columns of the terminal, in which nothing is cut off */
export function checkLines(report: CheckReport, width: number): string[] {
  const { differences, unchecked, leftovers } = report;
  const lines = differences.length === 0 ? [] : [...table(differences.map(rowOf), width), ""];
  if (unchecked.length > 0) {
    const told = unchecked.map(({ path, isFolder, detail }) => `${GAP}${pathShown(path, isFolder)}: ${detail}`);
    lines.push("Not compared:", ...told, "");
  }
  if (leftovers.length > 0) {
    const what = leftovers.length === 1 ? "A temporary entry" : `${leftovers.length} temporary entries`;
    lines.push(`${what} of miroir on the site, begun and not ended: ${leftovers.join(", ")}`, "");
  }
  return [...lines, summary(report)].flatMap((line) => hanging(escapeText(line), width));
}

/** Wrapped, with what goes on in another line below the words and not below their indentation. */
function hanging(line: string, width: number): string[] {
  if (Bun.stringWidth(line) <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? "";
  return wrapped(line.slice(indent.length), width - indent.length).map((part) => indent + part);
}

/** `./` is FOLDER itself. */
export function pathShown(path: string, isFolder: boolean): string {
  if (path === "") return "./";
  return isFolder ? folderShown(path) : path;
}

export function isFolderHere({ local, remote }: Difference): boolean {
  return (local ?? remote)?.type === "folder";
}

export function countsOf(differences: readonly Difference[]): Record<DifferenceKind, number> {
  const counts = Object.fromEntries(Object.keys(DIFFERENCES).map((kind) => [kind, 0])) as Record<
    DifferenceKind,
    number
  >;
  for (const { kind } of differences) counts[kind]++;
  return counts;
}

function rowOf(difference: Difference): string[] {
  const { kind, path, local, remote } = difference;
  return [kind, pathShown(path, isFolderHere(difference)), sideShown(local, kind), sideShown(remote, kind)];
}

/** What differs of one side. */
function sideShown(side: Side | undefined, kind: DifferenceKind): string {
  if (side === undefined) return "nothing";
  if (kind === "content" && side.hash !== undefined) return side.hash;
  if (kind === "time" && side.mtimeMs !== undefined) return timeShown(side.mtimeMs);
  if (side.type === "folder") return "a folder";
  if (side.type === "other") return "a link or device";
  if (kind === "type" || side.sizeBytes === undefined) return "a file";
  return side.sizeBytes === 1 ? "1 byte" : `${side.sizeBytes} bytes`;
}

function timeShown(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString();
}

/** In columns where they fit, else each row in two lines. */
function table(rows: readonly string[][], width: number): string[] {
  const shown = [HEADER, ...rows].map((row) => row.map(escapeText));
  const widths = HEADER.map((_, column) => Math.max(...shown.map((row) => Bun.stringWidth(row[column] ?? ""))));
  const pad = (text: string, column: number) => text + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(text));
  if (widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) <= width) {
    return shown.map((row) => row.map(pad).join(GAP).trimEnd());
  }
  return shown
    .slice(1)
    .flatMap(([kind = "", path = "", here = "", there = ""]) => [
      `${kind.padEnd(7)}${GAP}${path}`,
      `${GAP}here ${here}, on the site ${there}`,
    ]);
}

function summary({ differences, unchecked, compared, failure }: CheckReport): string {
  const amount = `${counted(compared.files, "file")} and ${counted(compared.folders, "folder")} compared`;
  const open = [
    ...(unchecked.length > 0 ? [`${unchecked.length} not compared`] : []),
    ...(failure ? ["the comparison is not complete"] : []),
  ];
  if (differences.length === 0) {
    return `${open.length > 0 ? `No difference seen, ${open.join(", ")}` : "In sync"}: ${amount}`;
  }
  const kinds = Object.entries(countsOf(differences)).flatMap(([kind, count]) =>
    count > 0 ? [`${count} ${kind}`] : [],
  );
  return `${[`${counted(differences.length, "difference")} (${kinds.join(", ")})`, ...open].join(", ")}: ${amount}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
