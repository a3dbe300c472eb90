import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { RealServerKind } from "../servers/real.ts";
import { serverUrl, type TlsMode } from "../servers/server.ts";
import type { Command } from "./run.ts";

/** Where something is to be sent, and by how many connections. */
export interface Task {
  /** miroir's executable. */
  executable: string;
  /** The local folder, or the local file for those who send one. */
  from: string;
  kind: RealServerKind;
  host: string;
  port: number;
  user: string;
  password: string;
  tls: TlsMode;
  /** PEM of the authority that is trusted. */
  certificateFile: string;
  /** Below the login folder. */
  remote: string;
  connections: number;
  /** Its own, for what the program keeps between runs. */
  home: string;
}

export const TOOLS = ["lftp", "rclone", "curl", "find"] as const;
export type Tool = (typeof TOOLS)[number];

export function isInstalled(tool: Tool): boolean {
  return Bun.which(tool) !== null;
}

function command(words: string[], { home }: Pick<Task, "home">, more: Record<string, string> = {}): Command {
  return { words, env: { PATH: process.env.PATH ?? "", HOME: home, LC_ALL: "C.UTF-8", ...more } };
}

/** One pass by the compiled executable; its log is JSON. */
export function miroirSync(task: Task, { log = logFile(task.home), env = {} } = {}): Command {
  return command([...miroir("sync", task), "--log", log], task, { MIROIR_PASSWORD: task.password, ...env });
}

export function miroirWatch(task: Task, intervalMs: number): Command {
  const words = [...miroir("watch", task), "--log", logFile(task.home), "--interval", `${intervalMs}ms`];
  return command(words, task, { MIROIR_PASSWORD: task.password });
}

/** Of the runs with this home. */
export function logFile(home: string): string {
  return join(home, "miroir.log");
}

function miroir(name: string, task: Task): string[] {
  const trust = task.tls === "off" ? ["--tls", "off"] : ["--tls-ca", task.certificateFile];
  const words = [task.executable, name, task.from, `${serverUrl(task)}/${task.remote}`, ...trust];
  return [...words, "--connections", `${task.connections}`, "--quiet", "--log-format", "json"].concat(
    "--state-dir",
    join(task.home, "state"),
  );
}

/** Sets times, as miroir does, and no permissions, as miroir does not. */
export function lftpMirror(task: Task): Command {
  return lftp(task, mirrorOf(task, "--no-perms"), timesOf(task));
}

/** As it is when it is told nothing more: it sets permissions too, and on vsftpd no times. */
export function lftpMirrorByDefault(task: Task): Command {
  return lftp(task, mirrorOf(task));
}

/** Deletes on the server what is not in the folder. */
export function lftpMirrorDelete(task: Task): Command {
  return lftp(task, mirrorOf(task, "--no-perms", "--delete"), timesOf(task));
}

function mirrorOf({ connections, from, remote }: Task, ...more: string[]): string {
  return ["mirror --reverse", ...more, `--parallel=${connections}`, from, remote].join(" ");
}

/** vsftpd sets times by MDTM only. */
function timesOf({ kind }: Task): string[] {
  return kind === "vsftpd" ? ["set ftp:use-mdtm-overloaded yes"] : [];
}

export function lftpPut(task: Task): Command {
  return lftp(task, `mkdir -p ${task.remote}; put -O ${task.remote} ${task.from}`);
}

function lftp(task: Task, action: string, more: readonly string[] = []): Command {
  const settings = [
    "set cmd:fail-exit yes",
    // The address in a reply to PASV would lead around the relay.
    "set ftp:prefer-epsv yes",
    ...more,
    ...(task.tls === "off"
      ? ["set ftp:ssl-allow no"]
      : ["set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", `set ssl:ca-file ${task.certificateFile}`]),
    `open -p ${task.port} -u '${task.user}','${task.password}' ${task.host}`,
  ];
  return command(["lftp", "--norc", "-c", [...settings, action].join("; ")], task);
}

/** Sets times; asks after each file whether it arrived whole, which is its default. */
export function rcloneCopy(task: Task): Command {
  return rclone(task, "copy", ...(task.kind === "vsftpd" ? ["--ftp-writing-mdtm"] : []));
}

/** Compares by size, and tells how much it compared. vsftpd lists no exact times: to ask for each would be slower. */
export function rcloneCompare(task: Task): Command {
  return rclone(task, "copy", "--size-only", "--stats-log-level", "NOTICE");
}

function rclone(task: Task, name: string, ...more: string[]): Command {
  const words = ["rclone", name, task.from, `:ftp:${task.remote}`, "--transfers", String(task.connections), ...more];
  words.push("--ftp-host", task.host, "--ftp-port", String(task.port), "--ftp-user", task.user);
  words.push("--ftp-pass", obscured(task.password), "--config", "/dev/null");
  return command(words, task);
}

const obscuredPasswords = new Map<string, string>();

/** rclone takes a password only in the form that rclone gives it. */
function obscured(password: string): string {
  const known = obscuredPasswords.get(password);
  if (known !== undefined) return known;
  const made = execFileSync("rclone", ["obscure", password], { encoding: "utf8" }).trim();
  obscuredPasswords.set(password, made);
  return made;
}

/** Names, sizes and times of a whole tree. */
export function findAll(folder: string): Command {
  return command(["sh", "-c", 'exec find "$1" -printf "%p %s %T@\\n" >/dev/null', "sh", folder], { home: folder });
}

export function curlUpload(task: Task): Command {
  const trust = task.tls === "off" ? [] : ["--ssl-reqd", "--cacert", task.certificateFile];
  const words = ["curl", "--silent", "--show-error", "--ftp-create-dirs", ...trust];
  words.push("--user", `${task.user}:${task.password}`, "--upload-file", task.from);
  words.push(`ftp://${task.host}:${task.port}/${task.remote}/`);
  return command(words, task);
}
