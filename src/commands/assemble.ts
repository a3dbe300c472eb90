import { createScanReader, whyUnusable } from "../detect/folder.ts";
import { createMemory, type Memory } from "../mirror/memory.ts";
import type { MirrorParts } from "../mirror/parts.ts";
import { createMirror, type Mirror } from "../mirror/pass.ts";
import { effectiveOptions } from "../options/effective.ts";
import type { Environment } from "../options/environment.ts";
import type { RunInvocation } from "../options/invocation.ts";
import { keepAlive, obeyStopRequests, showItself } from "../process/presence.ts";
import { runtimeVariablesIn } from "../process/program.ts";
import type { Stop } from "../process/stop.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode } from "../report/exit.ts";
import { createLog, type Log } from "../report/log.ts";
import { LogOpenError } from "../report/log-file.ts";
import { createProgress, type Progress } from "../report/progress.ts";
import { createScreen } from "../report/screen.ts";
import { withoutSecrets } from "../report/secrets.ts";
import { createTerminal, descriptorSink, wantsColor } from "../report/terminal.ts";
import { widthOf, wordWrapped } from "../report/wrap.ts";
import { LockedError, StateError } from "../state/errors.ts";
import { thisPlatform } from "../state/folders.ts";
import { acquireLock } from "../state/lock.ts";
import { type RunRecorder, recordRun } from "../state/run.ts";
import { openState, readOnlyState, type State } from "../state/state.ts";
import { VERSION } from "../version.ts";
import { nonce, openSite } from "./open-site.ts";
import { type Settled, settle } from "./settle.ts";

/** What main hands to a command that mirrors. */
export interface RunData {
  invocation: RunInvocation;
  stop: Stop;
  env: Environment;
}

export interface Assembled {
  mirror: Mirror;
  memory: Memory;
  parts: MirrorParts;
  /** Prints a line on standard output. */
  show(line: string): void;
  /** Logs the end, folds the state, frees the lock. @param complaint the one line on stderr */
  end(code: ExitCode, complaint?: string): Promise<ExitCode>;
}

const screen = createScreen({
  stdout: descriptorSink(1),
  stderr: descriptorSink(2),
  columns: () => process.stderr.getWindowSize?.()[0] ?? 80,
});
const { stdout, stderr } = screen;
const complain = (message: string) =>
  stderr.write(`${wordWrapped(`miroir: ${escapeText(message)}`, widthOf(process.stderr))}\n`);

/** Puts the real parts of one mirror together, or says in one line why not. @throws UsageError */
export async function assemble(data: RunData): Promise<Assembled | { refused: ExitCode }> {
  const { invocation, env } = data;
  const { dryRun: isDry } = invocation.options;
  const settled = await settle(invocation, env);
  const { folder, directory, identity, credentials } = settled;
  const closing: Array<() => void> = [];
  const refuse = (code: ExitCode): { refused: ExitCode } => {
    for (const step of closing.reverse()) step();
    return { refused: code };
  };
  let log: Log | undefined;
  let recorder: RunRecorder | undefined;
  const progress = progressFor(data);
  try {
    log = openLog(data, credentials.password, progress);
    closing.push(() => log?.close());
    // However the process ends, its last lines are written.
    process.once("exit", () => log?.close());
    closing.push(() => screen.close());
    const state = isDry
      ? readOnlyState(directory, identity)
      : openState({ directory, ...identity, now: () => new Date() });
    if (!isDry) {
      const lock = await acquireLock(directory);
      closing.push(() => lock.release());
      recorder = recordRun(directory, invocation.command, () => new Date());
    }
    const unusable = whyUnusable(folder);
    const hadCompleted = state.readStatus().completedPassAt !== undefined;
    if (unusable !== undefined && (isDry || invocation.command === "sync" || !hadCompleted)) {
      log.error({ event: "refuse", reason: "folder", detail: unusable, terminal: false });
      complain(unusable);
      recorder?.end(EXIT.unsafe);
      if (!isDry) showItself(state, { failure: "folder" });
      return refuse(EXIT.unsafe);
    }
    if (!isDry) {
      showItself(state);
      closing.push(obeyStopRequests(directory, invocation.command, data.stop));
      tellStart(data, log, identity.site, folder);
    }
    tellInsecure(data, log, [...invocation.warnings, ...credentials.warnings]);
    return connectParts(data, settled, log, state, { progress, recorder }, closing);
  } catch (error) {
    if (!(error instanceof LogOpenError || error instanceof LockedError || error instanceof StateError)) throw error;
    complain(error.message);
    const isUnusable = error instanceof LogOpenError || (error instanceof StateError && error.kind === "unusable");
    const code = error instanceof LockedError ? EXIT.locked : isUnusable ? EXIT.usage : EXIT.unsafe;
    const reason = error instanceof LockedError ? "locked" : "manifest";
    recorder?.end(code);
    log?.error({ event: "refuse", reason, detail: error.message, terminal: false });
    log?.info({ event: "stop", exit: code, terminal: false });
    return refuse(code);
  }
}

function connectParts(
  data: RunData,
  settled: Settled,
  log: Log,
  state: State,
  { progress, recorder }: { progress: Progress | undefined; recorder: RunRecorder | undefined },
  closing: Array<() => void>,
): Assembled {
  const { invocation, stop } = data;
  const { options } = invocation;
  const { folder, address, patterns, own } = settled;
  const memory = createMemory(state);
  if (own.size > 0) memory.status.own = [...own];
  else delete memory.status.own;
  const site = openSite(settled, options, {
    onEncryption: () => mirror.encryptionSeen(),
    transcribe: options.debug ? (line) => log.debug({ event: "ftp", detail: line }) : undefined,
    beforeSending: memory.commit,
    sleep: stop.sleepInGrace,
    onDegraded: (message) => log.warn({ event: "warn", reason: "unsupported", detail: message }),
    onConnected: (session) =>
      mirror.connected({ ...session, address: `${address.host}:${address.port} as ${address.user}` }),
  });
  stop.onGraceOver(() => void site.close());
  const parts: MirrorParts = {
    folder,
    readScan: createScanReader(folder, {
      depth: options.depth,
      patterns,
      own,
      follow: options.symlinks === "follow",
      platform: thisPlatform(),
    }),
    site,
    log,
    ...(progress && { progress }),
    delete: options.delete,
    maxDelete: options.maxDelete,
    adopt: options.adopt,
    checksum: options.checksum,
    verifyMs: options.verifyMs,
    intervalMs: options.intervalMs,
    retries: options.retries,
    now: Date.now,
    monotonicMs: () => performance.now(),
    sleep: stop.sleep,
    random: Math.random,
    nonce,
    isStopped: () => stop.isRequested,
    releaseMemory: () => Bun.gc(true),
    isWatch: invocation.command === "watch",
    warnsWhenPlain: address.tls.mode === "auto",
  };
  const mirror = createMirror(parts, memory);
  if (recorder) closing.push(keepAlive(recorder, mirror, state, memory));

  async function end(code: ExitCode, complaint?: string): Promise<ExitCode> {
    let last = code;
    try {
      memory.fold();
      state.close();
    } catch (failure) {
      if (!(failure instanceof StateError)) throw failure;
      complain(failure.message);
      last = code === EXIT.ok ? EXIT.unsafe : code;
    }
    await site.close();
    if (complaint !== undefined) complain(complaint);
    if (!options.dryRun) log.info({ event: "stop", exit: last, ...(stop.cause && { detail: stop.cause }) });
    recorder?.end(last);
    for (const step of closing.reverse()) step();
    return last;
  }
  return { mirror, memory, parts, show: (line) => stdout.write(`${escapeText(withoutSecrets(line))}\n`), end };
}

/** Live lines, where a person looks on: undefined where nobody does, or where they would spoil what is printed. */
function progressFor({ invocation, env }: RunData): Progress | undefined {
  const { progress, quiet, dryRun, log = "" } = invocation.options;
  const isTerminal = process.stdout.isTTY === true && process.stderr.isTTY === true && env.TERM !== "dumb";
  // A log on the terminal writes there by itself.
  const isLogThere = log === "-" || log.startsWith("/dev/");
  if (!progress || quiet || dryRun || !isTerminal || isLogThere) return undefined;
  // However the process ends, nothing is left behind.
  process.once("exit", () => screen.close());
  return createProgress(screen, { monotonicMs: () => performance.now(), now: () => new Date() });
}

/** @throws LogOpenError */
function openLog({ invocation, env }: RunData, password: string, progress: Progress | undefined): Log {
  const { options } = invocation;
  return createLog({
    file: options.dryRun ? undefined : options.log,
    format: options.logFormat,
    now: () => new Date(),
    terminal: createTerminal({
      ...{ stdout, stderr, quiet: options.quiet, color: wantsColor(options.color, env, process.stderr.isTTY === true) },
      width: () => widthOf(process.stderr),
      hidesMovements: () => progress?.isBusy === true,
    }),
    debug: options.debug,
    secrets: [password],
    logSizeBytes: options.logSizeBytes,
    logKeep: options.logKeep,
    onLogFailure: complain,
  });
}

function tellStart({ invocation }: RunData, log: Log, site: string, folder: string): void {
  log.info({ event: "start", version: VERSION, command: invocation.command, folder, site });
  if (!invocation.options.debug) return;
  for (const { flag, value, source } of effectiveOptions(invocation)) {
    if (value !== undefined) log.debug({ event: "start", detail: `${flag} ${value} (${source})` });
  }
}

function tellInsecure({ invocation, env }: RunData, log: Log, warnings: readonly string[]): void {
  for (const name of runtimeVariablesIn(env)) {
    const detail = `The variable "${name}" is set: what it names runs inside miroir. Unset it`;
    log.warn({ event: "warn", reason: "insecure", detail });
  }
  for (const detail of warnings) log.warn({ event: "warn", reason: "insecure", detail });
  if (!invocation.options.tlsInsecure) return;
  const detail = "--tls-insecure believes any certificate: somebody in between can read all";
  log.warn({ event: "warn", reason: "insecure", detail });
}
