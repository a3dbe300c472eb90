import { REASONS } from "../../src/report/reasons.ts";
import { readClaims } from "./manifest.ts";
import { below, isTemporary, readTree, type Tree } from "./trees.ts";
import { REMOTE_FOLDER, type Run, type World } from "./world.ts";

/** What a run may leave otherwise than perfect, by the contract itself. */
export interface Allowances {
  /** The server renames over nothing, so a replaced file is gone for a moment. */
  gaps?: boolean;
  /** `--in-place`: visitors may see half a file, until it is whole. */
  torn?: boolean;
}

const EVENTS = new Set(
  "start connect pass upload delete rename mkdir rmdir touch adopt skip retry fail refuse warn stop ftp".split(" "),
);
const LEVELS = new Set(["debug", "info", "warn", "error"]);
/** What a run against a misbehaving server can end with. */
const HONEST_CODES = new Set([0, 1, 3, 4, 5]);

/** Everything that must hold after any run, whatever the server did. One sentence for each broken promise. */
export function brokenPromises(world: World, run: Run, allowed: Allowances = {}): string[] {
  const site = readTree(world.server.root);
  return [
    ...exitCode(world, run, site),
    ...visitor(world, run, allowed),
    ...(allowed.torn && run.exitCode !== 0 ? [] : wholeVersions(world, site)),
    ...foreignUntouched(world, site),
    ...honestManifest(world, site, run.exitCode === 0, allowed),
    ...logLines(run),
  ];
}

/** What must hold after a run that was killed on the spot; the manifest's claims are judged apart. */
export function brokenByKill(world: World, run: Run): string[] {
  const site = readTree(world.server.root);
  return [
    ...visitor(world, run, {}),
    ...wholeVersions(world, site),
    ...foreignUntouched(world, site),
    ...run.log.flatMap(badLine),
  ];
}

/** What must hold after a run that nothing disturbed. */
export function unconverged(world: World, run: Run): string[] {
  const site = readTree(world.server.root);
  const temporary = [...site.files.keys(), ...site.folders].filter(isTemporary);
  return [
    ...(run.exitCode === 0 ? [] : [`exit ${run.exitCode} from an undisturbed run: ${run.stderr.trim()}`]),
    ...differences(world, site),
    ...temporary.map((path) => `temporary name left: ${path}`),
  ];
}

/** What must hold after a run that had nothing to do. */
export function busyWithNothing(run: Run): string[] {
  return [
    ...(run.exitCode === 0 ? [] : [`exit ${run.exitCode} from an idle run: ${run.stderr.trim()}`]),
    ...(run.commands.length === 0 ? [] : [`an idle run sent ${run.commands.join(" | ")}`]),
  ];
}

/** Where the remote folder and FOLDER differ, foreign entries and temporary names aside. */
export function differences(world: World, site: Tree): string[] {
  const here = world.history.now;
  const there = below(site, REMOTE_FOLDER);
  const isForeign = (path: string) =>
    world.foreign.files.has(`${REMOTE_FOLDER}/${path}`) || world.foreign.folders.has(`${REMOTE_FOLDER}/${path}`);
  const found: string[] = [];
  for (const [path, { sha1 }] of here.files) {
    const file = there.files.get(path);
    if (!file) found.push(`missing on the site: ${path}`);
    else if (file.sha1 !== sha1) found.push(`other content on the site: ${path}`);
  }
  for (const path of here.folders) if (!there.folders.has(path)) found.push(`missing on the site: ${path}/`);
  for (const path of there.files.keys()) {
    if (!here.files.has(path) && !isForeign(path) && !isTemporary(path)) found.push(`too much on the site: ${path}`);
  }
  for (const path of there.folders) {
    if (!here.folders.has(path) && !isForeign(path)) found.push(`too much on the site: ${path}/`);
  }
  return found;
}

function exitCode(world: World, { exitCode: code, stderr, log }: Run, site: Tree): string[] {
  if (!HONEST_CODES.has(code)) return [`exit ${code}: ${stderr.trim()}`];
  const isTold = log.some((line) => /"event":"(fail|refuse)"|"failed":[1-9]/.test(line));
  if (code !== 0) return isTold ? [] : [`exit ${code} without a fail or refuse line in the log`];
  return differences(world, site).map((difference) => `exit 0 while ${difference}`);
}

function visitor({ history }: World, { sightings }: Run, { gaps, torn }: Allowances): string[] {
  const prefix = `${REMOTE_FOLDER}/`;
  return sightings.flatMap(({ path: full, change, sha1 }) => {
    const path = full.slice(prefix.length);
    if (!full.startsWith(prefix)) return [`a visitor saw ${full} ${change}, outside of the mirror`];
    if (torn && change !== "vanished") return [];
    if (change === "torn") return [`a visitor saw ${path} torn`];
    if (change !== "vanished") return history.had(path, sha1) ? [] : [`a visitor saw no whole version of ${path}`];
    return history.now.files.has(path) && !gaps ? [`a visitor saw ${path} vanish`] : [];
  });
}

function wholeVersions({ foreign, history }: World, site: Tree): string[] {
  const found: string[] = [];
  for (const [path, { sha1 }] of below(site, REMOTE_FOLDER).files) {
    if (isTemporary(path) || foreign.files.has(`${REMOTE_FOLDER}/${path}`)) continue;
    if (!history.had(path, sha1)) found.push(`no whole version of ${path} is on the site`);
  }
  return found;
}

function foreignUntouched({ foreign }: World, site: Tree): string[] {
  const found: string[] = [];
  for (const [path, { sha1, mtimeMs }] of foreign.files) {
    const file = site.files.get(path);
    if (file?.sha1 !== sha1 || file.mtimeMs !== mtimeMs) found.push(`the foreign file ${path} was touched`);
  }
  for (const path of foreign.folders) if (!site.folders.has(path)) found.push(`the foreign folder ${path} is gone`);
  return found;
}

export interface FalseClaim {
  /** A folder's ends in `/`. */
  path: string;
  /** The site is as FOLDER is: a step was carried out and never confirmed, which nobody can know. */
  isAsWanted: boolean;
  /** An intent says that an attempt was left half done. */
  isIntended: boolean;
}

/** What the manifest claims and the site does not hold. */
export function falseClaims(world: World, site: Tree): FalseClaim[] {
  const { files, folders, intended } = readClaims(world.stateFolder);
  const there = below(site, REMOTE_FOLDER);
  const here = world.history.now;
  const found: FalseClaim[] = [];
  for (const [path, claim] of files) {
    const file = there.files.get(path);
    if (file?.sha1 === claim.sha1 && file.sizeBytes === claim.sizeBytes) continue;
    const isAsWanted = file?.sha1 === here.files.get(path)?.sha1;
    found.push({ path, isAsWanted, isIntended: intended.has(path) });
  }
  for (const path of folders) {
    if (there.folders.has(path)) continue;
    found.push({ path: `${path}/`, isAsWanted: !here.folders.has(path), isIntended: false });
  }
  return found;
}

function honestManifest(world: World, site: Tree, isStrict: boolean, { gaps, torn }: Allowances): string[] {
  const excuses = ({ path, isAsWanted, isIntended }: FalseClaim) =>
    // A file that was set aside, and stands there, is put back by the next run.
    !isStrict &&
    (isAsWanted ||
      (torn && isIntended) ||
      (gaps === true && isIntended && !site.files.has(`${REMOTE_FOLDER}/${path}`)));
  const found = falseClaims(world, site)
    .filter((claim) => !excuses(claim))
    .map(({ path }) => `the manifest claims another ${path} than the site holds`);
  return isStrict ? [...found, ...wrongTimes(world, site)] : found;
}

/** Files of which the manifest believes that the site has their time, and it has another. */
function wrongTimes({ stateFolder, history }: World, site: Tree): string[] {
  const there = below(site, REMOTE_FOLDER);
  const secondsOf = (tree: Tree, path: string) => Math.floor((tree.files.get(path)?.mtimeMs ?? 0) / 1000);
  return [...readClaims(stateFolder).files]
    .filter(([path, { undated }]) => !undated && there.files.has(path))
    .filter(([path]) => secondsOf(there, path) !== secondsOf(history.now, path))
    .map(([path]) => `the manifest believes in a time of ${path} that the site has not`);
}

function logLines({ log, stderr }: Run): string[] {
  const found = log.flatMap((line) => badLine(line).map((why) => `log line ${why}: ${line}`));
  if (!/"event":"start"/.test(log[0] ?? "")) found.push("the log does not begin with start");
  if (!/"event":"stop"/.test(log.at(-1) ?? "")) found.push("the log does not end with stop");
  if ([...log, stderr].some((text) => text.includes("secret"))) found.push("the password was told");
  return found;
}

function badLine(line: string): string[] {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return ["is no JSON"];
  }
  const { time, level, event, reason, detail } = record;
  const why: string[] = [];
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(time))) why.push("has no time");
  if (!LEVELS.has(String(level))) why.push("has no level");
  if (!EVENTS.has(String(event))) why.push("has an unknown event");
  if (reason !== undefined && !Object.hasOwn(REASONS, String(reason))) why.push("has an unknown reason");
  if (event === "fail" && (reason === undefined || detail === undefined)) why.push("says not why");
  return why;
}
