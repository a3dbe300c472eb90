/**
 * `bun test/artefacts/table.ts` writes the table of artefacts in docs/platforms.md anew, after `bun build.ts --all`:
 * sizes, and the time to start where the executable runs here. With Wine, where MIROIR_WINE_ROOT names a system with it.
 */
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { TARGET_NAMES, type Target } from "../../src/build/targets.ts";
import { ROOT, readDocument } from "../docs/document.ts";
import { builtArchive, builtExecutable } from "./artefacts.ts";

const PAGE = "docs/platforms.md";
const [START, END] = ["<!-- artefacts -->", "<!-- /artefacts -->"];
const RUNS = 15;

/** What the suite does with it, and where (test/artefacts, test/e2e, test/wine). */
const RUN_WHERE: Record<Target, string> = {
  "linux-x64": "Debian 12: every test. An empty root: the main job, plain and TLS",
  "linux-arm64": "an emulated processor (qemu): the main job, plain and TLS",
  "linux-x64-musl": "not run; what it needs is read from the file",
  "windows-x64": "Wine 10 on Debian 13: the main job, plain and TLS, names, locks, log, codes, stop",
  "darwin-x64": "not run; each page is compared with its signature",
  "darwin-arm64": "not run; each page is compared with its signature",
};

const megabytes = (file: string) => `${(statSync(file).size / 1e6).toFixed(1)} MB`;

/** Milliseconds from the start to the end of `--version`: the median of some runs. */
function startUpMs(command: string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const begun = performance.now();
    const { exitCode, stderr } = Bun.spawnSync([...command, "--version"]);
    if (exitCode !== 0) throw new Error(`"${command.join(" ")}" ended with ${exitCode}: ${stderr}`);
    return performance.now() - begun;
  });
  return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN;
}

function measured(target: Target): string {
  const executable = builtExecutable(target);
  switch (target) {
    case "linux-x64":
      return `${startUpMs([executable]).toFixed(0)} ms`;
    case "linux-arm64":
      return `${startUpMs(["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", executable]).toFixed(0)} ms, emulated`;
    case "windows-x64":
      return `${underWine(executable).toFixed(0)} ms, Wine`;
    default:
      return "";
  }
}

function underWine(executable: string): number {
  const system = process.env.MIROIR_WINE_ROOT;
  if (system === undefined) throw new Error("Cannot measure under Wine: MIROIR_WINE_ROOT is not set");
  const folder = mkdtempSync(join(system, "root", "miroir-table-"));
  try {
    copyFileSync(executable, join(folder, "miroir.exe"));
    const place = ["HOME=/root", "PATH=/usr/bin:/bin", "WINEDEBUG=-all", "WINEPREFIX=/root/wp", "XDG_RUNTIME_DIR=/tmp"];
    const program = `Z:\\root\\${basename(folder)}\\miroir.exe`;
    return startUpMs(["chroot", system, "env", "-i", ...place, "wine", program]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function table(): string {
  const rows = TARGET_NAMES.map((target) => {
    const cells = [`\`${target}\``, megabytes(builtExecutable(target)), megabytes(builtArchive(target))];
    return `| ${[...cells, measured(target), RUN_WHERE[target]].join(" | ")} |`;
  });
  return ["| target | executable | archive | start | run where |", "|---|---|---|---|---|", ...rows].join("\n");
}

const [head, rest = ""] = readDocument(PAGE).split(START);
const [, tail] = rest.split(END);
if (tail === undefined) throw new Error(`"${PAGE}" has no place for the table`);
writeFileSync(join(ROOT, PAGE), `${head}${START}\n\n${table()}\n\n${END}${tail}`);
