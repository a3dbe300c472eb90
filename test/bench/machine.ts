import { execFileSync } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem } from "node:os";
import packageJson from "../../package.json" with { type: "json" };

/** Where and when something was measured, as lines of name and value. */
export function describeMachine(folder: string): [string, string][] {
  const processors = cpus();
  return [
    ["date", new Date().toISOString().slice(0, 16).replace("T", " ")],
    [
      "load average at the start",
      loadavg()
        .map((load) => load.toFixed(2))
        .join(", "),
    ],
    ["processors", `${processors.length} × ${processors[0]?.model ?? "unknown"} (${arch()})`],
    ["memory", `${Math.round(totalmem() / 1024 ** 3)} GiB`],
    ["system", `${distribution()}, Linux ${release()}`],
    ["file system", fileSystem(folder)],
    ["miroir", `${packageJson.version}${commit()}, compiled by Bun ${Bun.version}`],
    ["lftp", wordOf(["lftp", "--version"], /Version (\S+)/)],
    ["rclone", wordOf(["rclone", "version"], /rclone (\S+)/)],
    ["curl", wordOf(["curl", "--version"], /curl (\S+)/)],
  ];
}

/** Of the working copy, with a `+` when there is more in it; nothing outside of git. */
function commit(): string {
  const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: import.meta.dir, stderr: "ignore" });
  const head = git("rev-parse", "--short", "HEAD");
  if (!head.success) return "";
  const isChanged = git("status", "--porcelain", "--untracked-files=no").stdout.length > 0;
  return ` (${head.stdout.toString().trim()}${isChanged ? "+" : ""})`;
}

function distribution(): string {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown";
}

function fileSystem(folder: string): string {
  const names: Record<number, string> = { 61267: "ext4", 16914836: "tmpfs", 2435016766: "btrfs", 1481003842: "xfs" };
  const { type } = statfsSync(folder);
  return names[type] ?? `type 0x${type.toString(16)}`;
}

/** The version in what a program says of itself. */
function wordOf(command: [string, string], pattern: RegExp): string {
  const [program, option] = command;
  if (Bun.which(program) === null) return "not installed";
  return pattern.exec(execFileSync(program, [option], { encoding: "utf8" }))?.[1] ?? "unknown";
}
