import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { patternsOf } from "../commands/user-files.ts";
import { createScanReader, pathsInside, realFolder, whyUnusable } from "../detect/folder.ts";
import { FolderError } from "../detect/scan.ts";
import { settledScan } from "../mirror/look.ts";
import type { Environment } from "../options/environment.ts";
import { parseFtpUrl } from "../options/ftp-url.ts";
import type { InitInvocation } from "../options/invocation.ts";
import type { Profile } from "../options/profile.ts";
import { type NewProfile, optionLines, profileText, withProfile } from "../options/profile-text.ts";
import { type ConfigPlace, loadProfiles } from "../options/profiles.ts";
import { type Asker, createAsker } from "../options/prompt.ts";
import { siteUrl } from "../options/site-address.ts";
import { quote, UsageError } from "../options/usage-error.ts";
import type { Stop } from "../process/stop.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode } from "../report/exit.ts";
import { descriptorSink } from "../report/terminal.ts";
import { slug, stateFolder, thisPlatform } from "../state/folders.ts";
import { type Connected, connect } from "./connect.ts";
import { outlineLines } from "./outline.ts";
import { askForPair, confirm, type Pair, requirePair } from "./questions.ts";
import { writeSetup } from "./setup-files.ts";

/** What main hands to `init`. */
export interface InitData {
  invocation: InitInvocation;
  stop: Stop;
  env: Environment;
  config: ConfigPlace;
}

/** The configuration file as it is. */
interface Config {
  file: string;
  text: string;
  profiles: readonly Profile[];
}

/** Longer than anybody waits, shorter than a timer can. */
const FOREVER_MS = 2 ** 31 - 1;

const stdout = descriptorSink(1);
const stderr = descriptorSink(2);
const say = (line: string) => stdout.write(`${escapeText(line)}\n`);
const complain = (message: string) => stderr.write(`miroir: ${escapeText(message)}\n`);

/**
 * Asks what is not said, tries the connection, shows what would be mirrored, and only then writes the profile: whatever
 * ends it before leaves nothing. @throws UsageError, InterruptedError
 */
export async function runInit(data: InitData): Promise<ExitCode> {
  const { stop } = data;
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const interrupted = stop.sleep(FOREVER_MS).then(() => stop.code ?? EXIT.interrupted);
  return Promise.race([setUp(data, isTerminal ? createAsker() : undefined), interrupted]);
}

async function setUp(data: InitData, asker: Asker | undefined): Promise<ExitCode> {
  const { invocation, env } = data;
  const config = loadConfig(data);
  const pair = asker ? await askForPair(invocation, asker, complain) : requirePair(invocation, env);
  const folder = realFolder(pair.folder);
  const unusable = whyUnusable(folder);
  if (unusable !== undefined) {
    complain(unusable);
    return EXIT.unsafe;
  }
  // A file of rules that is not there is told before anything is asked of the server.
  const patterns = patternsOf(pair.options.rules);
  const name = await nameOf(folder, invocation, asker);
  const old = config.profiles.find((profile) => profile.name === name);
  if (old) await allowReplacing(name, config, invocation, asker);

  const connected = await connect(pair, invocation, env, asker, { say, complain });
  if ("refused" in connected) return connected.refused;
  tellSite(connected);
  const password = passwordPlace(name, connected, config, old);
  const profile = newProfile(name, folder, pair, connected, password, data);
  if (!(await tellOutline(profile, connected, patterns, [config.file, password ?? config.file], data))) {
    return EXIT.unsafe;
  }

  const text = profileText(profile);
  if (invocation.options.dryRun) {
    stdout.write(`\n${text}`);
    return EXIT.ok;
  }
  if (asker && !old && !(await confirm(asker, `Write this as the profile "${name}"?`, true))) {
    say("Nothing was written");
    return EXIT.ok;
  }
  const isSecretOurs = password !== undefined && connected.options.passwordFile === undefined;
  writeSetup({
    configFile: config.file,
    text: withProfile(config.text, name, text),
    logFile: profile.log === "-" ? undefined : profile.log,
    password: isSecretOurs
      ? { file: password, text: `${connected.password.password}\n`, replaces: old !== undefined }
      : undefined,
  });
  tellNext(name, config, isSecretOurs ? password : undefined, invocation);
  return EXIT.ok;
}

/** @throws UsageError where it cannot be read, or is not there though an existing one has to be understood */
function loadConfig({ invocation, config }: InitData): Config {
  const file = resolve(invocation.options.configFile ?? config.file);
  const { profiles } = loadProfiles({ ...config, file });
  const bytes = config.read(file)?.bytes;
  return { file, profiles, text: bytes === undefined ? "" : new TextDecoder().decode(bytes) };
}

async function nameOf(folder: string, { options }: InitInvocation, asker: Asker | undefined): Promise<string> {
  if (options.profile !== undefined) return options.profile;
  const usual = slug(basename(folder));
  return (asker && (await asker.line(`Name of the profile [${usual}]: `)).trim()) || usual;
}

/** @throws UsageError where nobody says so */
async function allowReplacing(
  name: string,
  { file }: Config,
  { options }: InitInvocation,
  asker: Asker | undefined,
): Promise<void> {
  if (options.overwrite) return;
  if (asker && (await confirm(asker, `There is a profile "${name}" already. Replace it?`, false))) return;
  const remedy = "Choose another name with --profile, or replace it with --overwrite";
  throw new UsageError(`The profile ${quote(name)} stands in ${quote(file)} already. ${remedy}`);
}

/** Where the password is, or will be: beside the configuration file, in no file that holds something else. */
function passwordPlace(
  name: string,
  { password, options }: Connected,
  { file }: Config,
  old: Profile | undefined,
): string | undefined {
  if (options.passwordFile !== undefined) return resolve(options.passwordFile);
  if (password.from === "anonymous") return undefined;
  const before = old?.given.find((given) => given.name === "password-file")?.value;
  for (let number = 1; ; number++) {
    const place = join(dirname(file), `${slug(name)}${number > 1 ? `-${number}` : ""}.password`);
    if (place === before || !existsSync(place)) return place;
  }
}

function newProfile(
  name: string,
  folder: string,
  { site }: Pair,
  { address, options, sources, encrypted }: Connected,
  password: string | undefined,
  { env, invocation }: InitData,
): NewProfile {
  const usualLog = join(stateFolder({ platform: thisPlatform(), env, home: homedir() }), `${slug(name)}.log`);
  const log = options.log ?? usualLog;
  const isBeside = invocation.options.passwordFile === undefined && password !== undefined;
  const scheme = site === undefined ? "ftp" : parseFtpUrl(site).scheme;
  // Once encrypted, always encrypted: without this another machine, or a lost state, would accept a plain session.
  const demanded = sources.get("tls") === "flag" || !encrypted || scheme !== "ftp" ? scheme : "ftpes";
  return {
    name,
    folder,
    site: siteUrl(address.tls.mode === "implicit" && sources.get("tls") !== "flag" ? "ftps" : demanded, address),
    passwordFile: isBeside ? basename(password) : password,
    log: log === "-" ? log : resolve(log),
    options: optionLines(options, sources, (file) => resolve(file)),
  };
}

function tellSite({ address, encrypted, entries }: Connected): void {
  const state = encrypted ? "encrypted" : "NOT encrypted: the password and the files travel in clear";
  say(`Logged in, ${state}.`);
  const folder = address.remoteDir === "" ? "The login folder" : `The remote folder "${address.remoteDir}"`;
  if (entries === undefined) say(`${folder} does not exist yet: the first pass makes it.`);
  else if (entries === 0) say(`${folder} is empty.`);
  else say(`${folder} holds ${entries} entries. What is not from here is left alone.`);
}

/** @returns false when FOLDER cannot be read */
async function tellOutline(
  { folder, log }: NewProfile,
  { options }: Connected,
  patterns: readonly string[],
  files: readonly string[],
  { stop }: InitData,
): Promise<boolean> {
  const readScan = createScanReader(folder, {
    depth: options.depth,
    patterns,
    own: pathsInside(folder, log === "-" ? files : [...files, log]),
    follow: options.symlinks === "follow",
    platform: thisPlatform(),
  });
  try {
    const snapshot = await settledScan(folder, readScan(), stop.sleep);
    say(`What would be mirrored of "${folder}":`);
    for (const line of outlineLines(snapshot, options.depth)) say(`  ${line}`);
    return true;
  } catch (error) {
    if (!(error instanceof FolderError)) throw error;
    complain(error.message);
    return false;
  }
}

function tellNext(name: string, { file }: Config, password: string | undefined, { options }: InitInvocation): void {
  const shown = (text: string) => (/^[\w./:\\-]+$/.test(text) ? text : `"${text}"`);
  const profile = `--profile ${shown(name)}${options.configFile === undefined ? "" : ` --config ${shown(file)}`}`;
  say(`The profile "${name}" is written to ${file}`);
  if (password !== undefined) say(`Its password is written to ${password}`);
  say("");
  say("To see what it would do, to keep the site a mirror, to look how it is:");
  say(`  miroir sync ${profile} --dry-run`);
  say(`  miroir watch ${profile}`);
  say("  miroir status");
}
