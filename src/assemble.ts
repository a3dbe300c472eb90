import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { CommandData } from "./commands.ts";
import { createRules, IGNORE_FILE, linesOf } from "./detect/ignore.ts";
import { FolderError, type ScanOptions, wordsOf } from "./detect/scan.ts";
import { createScope } from "./detect/scope.ts";
import type { RelPath } from "./detect/tree.ts";
import type { MirrorParts } from "./mirror/parts.ts";
import { createMirror, type Mirror } from "./mirror/pass.ts";
import { createPasswordFileReader, findPassword } from "./options/credentials.ts";
import { effectiveOptions } from "./options/effective.ts";
import type { Options } from "./options/options.ts";
import { promptHidden } from "./options/prompt.ts";
import type { Rule } from "./options/row.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "./options/site.ts";
import { UsageError } from "./options/usage-error.ts";
import { createFtpSite } from "./remote/ftp.ts";
import type { Site } from "./remote/site.ts";
import { escapeText } from "./report/escape.ts";
import { EXIT, type ExitCode } from "./report/exit.ts";
import { createLog, type Log } from "./report/log.ts";
import { LogOpenError } from "./report/log-file.ts";
import { createTerminal, descriptorSink } from "./report/terminal.ts";
import { LockedError, StateError } from "./state/errors.ts";
import { folderIdentity, mirrorIdentity, stateFolder, thisPlatform } from "./state/folders.ts";
import { acquireLock } from "./state/lock.ts";
import { openState, peekState } from "./state/state.ts";
import { readStatusFile } from "./state/status.ts";
import { VERSION } from "./version.ts";

export interface Assembled {
  mirror: Mirror;
  parts: MirrorParts;
  /** Prints a line on standard output. */
  show(line: string): void;
  /** Logs the end, folds the state, frees the lock; an `error` becomes the one line on stderr. */
  end(code: ExitCode, error?: Error): Promise<ExitCode>;
}

/** Puts the real parts of one mirror together, or says in one line why not. @throws UsageError */
export async function assemble(data: CommandData): Promise<Assembled | { refused: ExitCode }> {
  const { invocation, stop, env } = data;
  const { options } = invocation;
  const stderr = descriptorSink(2);
  const stdout = descriptorSink(1);
  const complain = (message: string) => stderr.write(`miroir: ${escapeText(message)}\n`);

  const address = resolveSite(invocation.site, options, invocation.sources);
  const platform = thisPlatform();
  const trust = {
    insecure: options.tlsInsecure,
    ...(address.tls.fingerprint !== undefined && { fingerprint: address.tls.fingerprint }),
    ...(address.tls.caFile !== undefined && { authorities: readUserFile(address.tls.caFile, "--tls-ca") }),
  };
  const patterns = patternsOf(options.rules);
  const credentials = await findPassword({
    options,
    address,
    env,
    readFile: createPasswordFileReader(platform),
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    prompt: (question) => promptHidden(question),
  });

  const folder = realFolder(invocation.folder);
  const site = siteIdentity(address);
  const base = resolve(options.stateDir ?? stateFolder({ platform, env, home: homedir() }));
  const directory = join(base, mirrorIdentity(folder, site, platform));
  const own = ownPaths(folder, options, base, directory);

  const refusal = refuseFolder(folder);
  const isDry = options.dryRun;
  let log: Log;
  try {
    log = createLog({
      file: isDry ? undefined : options.log,
      format: options.logFormat,
      now: () => new Date(),
      terminal: createTerminal({ stdout, stderr, quiet: options.quiet, color: wantsColor(options.color, env) }),
      debug: options.debug,
      secrets: [credentials.password],
      logSizeBytes: options.logSizeBytes,
      logKeep: options.logKeep,
      onLogFailure: (message) => complain(message),
    });
  } catch (error) {
    if (!(error instanceof LogOpenError)) throw error;
    complain(error.message);
    return { refused: EXIT.usage };
  }
  const identity = { folder: folderIdentity(folder, platform), site };
  const hasCompleted = readStatusFile(directory).completedPassAt !== undefined;
  if (refusal && (isDry || invocation.command === "sync" || !hasCompleted)) {
    log.error({ event: "refuse", reason: "folder", detail: refusal, terminal: false });
    complain(refusal);
    log.close();
    return { refused: EXIT.unsafe };
  }

  let release = () => {};
  try {
    if (!isDry) {
      mkdirSync(base, { recursive: true, mode: 0o700 });
      const lock = await acquireLock(directory);
      release = () => lock.release();
    }
  } catch (error) {
    if (!(error instanceof LockedError || error instanceof StateError)) throw error;
    const isLocked = error instanceof LockedError;
    log.error({ event: "refuse", reason: isLocked ? "locked" : "manifest", detail: error.message, terminal: false });
    complain(error.message);
    log.close();
    return { refused: isLocked ? EXIT.locked : EXIT.usage };
  }
  if (!isDry) tellStart(data, log, folder, site);
  for (const warning of credentials.warnings) log.warn({ event: "warn", reason: "insecure", detail: warning });
  if (options.tlsInsecure) {
    log.warn({
      event: "warn",
      reason: "insecure",
      detail: "--tls-insecure believes any certificate: somebody in between can read all",
    });
  }

  let mirror: Mirror | undefined;
  let state: MirrorParts["state"];
  let remote: Site;
  try {
    state = isDry ? readOnlyState(directory, identity) : openState({ directory, ...identity, now: () => new Date() });
    remote = createSite(address, options, credentials.password, trust, {
      seenEncrypted: state.readStatus().encrypted === true,
      log,
      onConnected: (session) =>
        mirror?.connected({ ...session, address: `${address.host}:${address.port} as ${address.user}` }),
    });
  } catch (error) {
    release();
    if (!(error instanceof StateError)) throw error;
    complain(error.message);
    log.close();
    return { refused: EXIT.usage };
  }
  stop.onGraceOver(() => void remote.close());

  const parts: MirrorParts = {
    folder,
    readScan: () => readScan(folder, options.depth, patterns, own, platform),
    site: remote,
    state,
    log,
    delete: options.delete,
    maxDelete: options.maxDelete,
    adopt: options.adopt,
    checksum: options.checksum,
    retries: options.retries,
    now: Date.now,
    sleep: stop.sleep,
    random: Math.random,
    isStopped: () => stop.isRequested,
    isWatch: invocation.command === "watch",
    warnsWhenPlain: address.tls.mode === "auto",
  };

  async function end(code: ExitCode, error?: Error): Promise<ExitCode> {
    let last = code;
    try {
      mirror?.close();
      state.close();
    } catch (failure) {
      if (!(failure instanceof StateError)) throw failure;
      complain(failure.message);
      last = code === EXIT.ok ? EXIT.usage : code;
    }
    await remote.close();
    if (!isDry) log.info({ event: "stop", exit: last, ...(stop.cause && { detail: stop.cause }) });
    if (error) complain(error.message);
    log.close();
    release();
    return last;
  }

  try {
    mirror = createMirror(parts);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    log.error({ event: "refuse", reason: "manifest", detail: error.message, terminal: false });
    return { refused: await end(error.kind === "unusable" || error.kind === "disk" ? EXIT.usage : EXIT.unsafe, error) };
  }
  return { mirror, parts, show: (line) => stdout.write(`${escapeText(line)}\n`), end };
}

function createSite(
  address: SiteAddress,
  options: Options,
  password: string,
  trust: { insecure: boolean; fingerprint?: string; authorities?: string },
  run: { seenEncrypted: boolean; log: Log; onConnected(session: { encrypted: boolean }): void },
): Site {
  return createFtpSite({
    account: {
      host: address.host,
      port: address.port,
      user: address.user,
      password,
      tls: address.tls.mode,
      trust,
      timeoutMs: options.timeoutMs,
      seenEncrypted: run.seenEncrypted,
      transcribe: options.debug ? (line) => run.log.debug({ event: "ftp", detail: line }) : undefined,
    },
    remoteDir: address.remoteDir,
    connections: options.connections,
    inPlace: options.inPlace,
    now: Date.now,
    nonce: () => randomBytes(8).toString("hex"),
    onDegraded: (message) => run.log.warn({ event: "warn", reason: "unsupported", detail: message }),
    onConnected: run.onConnected,
  });
}

function tellStart({ invocation }: CommandData, log: Log, folder: string, site: string): void {
  log.info({ event: "start", version: VERSION, command: invocation.command, folder, site });
  if (!invocation.options.debug) return;
  for (const { flag, value, source } of effectiveOptions(invocation)) {
    if (value !== undefined) log.debug({ event: "start", detail: `${flag} ${value} (${source})` });
  }
}

/** The rules are part of every pass: `.miroirignore` may change while a watch runs. */
function readScan(
  folder: string,
  depth: number,
  patterns: readonly string[],
  own: ReadonlySet<RelPath>,
  platform: NodeJS.Platform,
): ScanOptions {
  let inFolder: string[] = [];
  try {
    inFolder = linesOf(readFileSync(join(folder, IGNORE_FILE), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new FolderError(
        `Cannot read "${join(folder, IGNORE_FILE)}": ${wordsOf(error)}. Nothing is mirrored without its rules`,
      );
    }
  }
  return {
    scope: createScope(depth, createRules([...inFolder, ...patterns]), own),
    // macOS may hand out decomposed names; servers and browsers expect composed ones.
    nameForSite: platform === "darwin" ? (name) => name.normalize("NFC") : (name) => name,
  };
}

function patternsOf(rules: readonly Rule[]): string[] {
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

/** The real path, as far as it exists: a disk that is not mounted must not make it another mirror. */
function realFolder(folder: string): string {
  const absolute = resolve(folder);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realFolder(parent), basename(absolute));
  }
}

function refuseFolder(folder: string): string | undefined {
  try {
    return statSync(folder).isDirectory() ? undefined : `Cannot mirror "${folder}": it is not a folder`;
  } catch (error) {
    return `Cannot mirror the folder "${folder}": ${wordsOf(error)}`;
  }
}

/** miroir's own files inside FOLDER: log, rotated logs, state, password. */
function ownPaths(folder: string, options: Options, base: string, directory: string): ReadonlySet<RelPath> {
  const own = new Set<RelPath>();
  const add = (file: string | undefined) => {
    if (file === undefined || file === "-") return;
    const path = relative(folder, realFolder(file));
    if (path !== "" && path !== ".." && !path.startsWith(`..${sep}`) && resolve(folder, path) === realFolder(file)) {
      own.add(path.split(sep).join("/"));
    }
  };
  add(options.log);
  for (let number = 1; number <= options.logKeep; number++) add(options.log === "-" ? "-" : `${options.log}.${number}`);
  add(options.passwordFile);
  add(base);
  add(directory);
  return own;
}

function wantsColor(color: Options["color"], env: CommandData["env"]): boolean {
  if (color !== "auto") return color === "always";
  return process.stderr.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** What a dry run knows: it reads, and writes nothing. */
function readOnlyState(directory: string, identity: { folder: string; site: string }): MirrorParts["state"] {
  return {
    directory,
    load: () => ({ ...peekState(directory, identity), setAside: [] }),
    append() {},
    flush() {},
    fold() {},
    journalBytes: () => 0,
    readStatus: () => readStatusFile(directory),
    writeStatus() {},
    close() {},
  };
}
