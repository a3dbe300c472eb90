import type { JournalRecord, Manifest } from "../../src/detect/manifest.ts";
import { isAtOrBelow, type RelPath } from "../../src/detect/tree.ts";
import { type LocalTree, sha1Of } from "./local-tree.ts";
import { isTemporary, type Step } from "./model-server.ts";
import type { Change, Entry, ModelTree, RemoteFile } from "./model-tree.ts";

/** Stands in the manifest for a content that has to be found out. */
const UNKNOWN_SHA1 = "0".repeat(40);
/** The command that carries a step out. */
const VERBS = { mkdir: "MKD", rename: "RNTO", delete: "DELE", rmdir: "RMD", touch: "MDTM", upload: "STOR" };

/** What the mirror may do in one pass. */
export interface Allowed {
  /** `--delete all`: foreign entries go. */
  foreignGoes: boolean;
  /** The server renames over no file: what is replaced is set aside first. */
  gaps: boolean;
  /** `--in-place`: visitors see half a file. */
  torn: boolean;
  /** Files and folders that may be deleted; approved ones do not count. */
  deletions: number;
  approved: ReadonlySet<RelPath>;
}

/** Watches each step, and tells of every broken promise. */
export interface Witness {
  readonly broken: string[];
  /** A scan begins: from now on what stays the same in FOLDER must stay on the site. */
  passBegins(allowed: Allowed, known: () => Manifest | undefined): void;
  sees(step: Step): void;
  /** What the server answered; undefined when nobody will ever know. */
  hears(command: string, reply: { code: number } | undefined): void;
  /** The journal holds it. */
  recorded(records: readonly JournalRecord[]): void;
  /** What the site holds was found out, without a manifest: the rest of it is not the mirror's. */
  adopted(manifest: Manifest): void;
  /** Whether an entry of the site is of others, or holds what others wrote. */
  isForeign(path: RelPath): boolean;
  /** The SHA-1 of a file on the site. */
  contentOf(path: RelPath): string | undefined;
  /** Compares what is claimed with what is there. @param isStrict nothing was interrupted, nobody else was at work */
  judgeClaims(manifest: Manifest | undefined, isStrict: boolean): void;
  /** Entries that others changed and the mirror has not mended yet. */
  readonly tampered: ReadonlySet<RelPath>;
  tell(broken: string): void;
}

/** @param stored what a new process would know */
export function createWitness(local: LocalTree, site: () => ModelTree, stored: () => Manifest | undefined): Witness {
  const broken: string[] = [];
  const foreignContents = new Set<string>();
  const tampered = new Set<RelPath>();
  /** Carried out on the site, and not recorded yet: the last command that did. */
  const uncertain = new Map<RelPath, string>();
  /** Asked for and not answered, and not recorded since: what becomes of it is looked up, or sent again. */
  const inFlight = new Set<RelPath>();
  /** A server that refuses to rename over a specimen is taken for one that never does. */
  let seemsToNeedGaps = false;
  const deleted = new Set<RelPath>();
  const recordedSha1s = new Map<RelPath, string>();
  let allowed: Allowed | undefined;
  let known: () => Manifest | undefined = () => undefined;
  let sinceTick = 0;
  let wasEmptied = false;

  const tell = (what: string) => {
    broken.push(what);
  };
  const sha1s = new WeakMap<Uint8Array, string>();
  function sha1(file: RemoteFile): string {
    const sum = sha1s.get(file.bytes) ?? sha1Of(file.bytes);
    sha1s.set(file.bytes, sum);
    return sum;
  }
  const isStable = (path: RelPath) => local.changedAt(path) <= sinceTick;

  function isForeign(path: RelPath): boolean {
    const entry = site().get(path);
    return entry?.isForeign === true || (entry?.type === "file" && foreignContents.has(sha1(entry)));
  }

  function appears(change: Change, step: Step): void {
    const { path, after, before } = change;
    if (after?.type !== "file" || isTemporary(path)) return;
    const sum = sha1(after);
    // What others have travels along with its folder.
    if (!allowed?.torn && !after.isForeign && !local.knew(path, sum) && !foreignContents.has(sum)) {
      tell(`${step.verb} "${step.path}": a visitor sees no whole version of "${path}" (${after.bytes.length} bytes)`);
    }
    const claim = known()?.files.get(path);
    const isWaste = before?.type === "file" && before !== after && sha1(before) === sum && claim?.sha1 === sum;
    if (isWaste && isStable(path) && !tampered.has(path) && !uncertain.has(path) && !inFlight.has(path)) {
      tell(`${step.verb} "${path}": the same content is sent again`);
    }
  }

  function disappears({ path, before, after }: Change, step: Step): void {
    if (!before || after || isTemporary(path)) return;
    const isSetAside = (allowed?.gaps === true || seemsToNeedGaps) && step.verb === "RNTO" && isTemporary(step.path);
    const isHere = before.type === "file" ? local.files.has(path) : local.folders.has(path);
    if (isHere && isStable(path) && !isSetAside) {
      tell(`${step.verb} "${step.path}": "${path}" vanishes although it is in FOLDER all the time`);
    }
    if (isSetAside) return;
    if (wasEmptied && allowed && !allowed.approved.has(path) && !(allowed.foreignGoes && before.isForeign)) {
      tell(`${step.verb} "${step.path}": "${path}" goes because FOLDER is empty`);
    }
    if (step.verb === "RNTO" || allowed?.approved.has(path)) return;
    deleted.add(path);
    if (allowed && deleted.size > allowed.deletions) {
      tell(`${step.verb} "${step.path}": ${deleted.size} deletions in one pass, ${allowed.deletions} are allowed`);
    }
  }

  /** What others have stays where it is, travels along with its folder, or makes room for a file of FOLDER's. */
  function sparesForeign(step: Step): void {
    const stay = new Set<Entry | undefined>();
    for (const { path, after } of step.changes) if (!isTemporary(path)) stay.add(after);
    for (const { path, before, after } of step.changes) {
      if (!before?.isForeign || stay.has(before) || allowed?.foreignGoes) continue;
      const isSetAside = step.from === path && isTemporary(step.path);
      const makesRoom = before.type === "file" && (after?.type === "file" || isSetAside);
      if (makesRoom) before.isForeign = false;
      else tell(`${step.verb} "${step.path}": the foreign "${path}" is destroyed`);
    }
  }

  function seesMiroir(step: Step): void {
    const { from, path: to } = step;
    for (const change of step.changes) {
      appears(change, step);
      disappears(change, step);
      if (isTemporary(change.path)) continue;
      uncertain.set(change.path, step.verb);
    }
    sparesForeign(step);
    const carried =
      from === undefined || isTemporary(from) ? [] : [...tampered].filter((path) => isAtOrBelow(path, from));
    for (const { path } of step.changes) tampered.delete(path);
    for (const path of carried) {
      tampered.delete(path);
      if (from !== undefined && !isTemporary(to)) tampered.add(to + path.slice(from.length));
    }
  }

  function seesOthers({ changes }: Step): void {
    for (const { path, before, after } of changes) {
      if (after?.type === "file") foreignContents.add(sha1(after));
      // An upload that nobody recorded, replaced by others, is theirs.
      if (after && !stored()?.files.has(path)) after.isForeign = true;
      if ((before ?? after)?.isForeign === false) tampered.add(path);
    }
  }

  return {
    broken,
    tampered,
    tell,
    passBegins(allowedNow, knownNow) {
      allowed = allowedNow;
      known = knownNow;
      sinceTick = local.tick;
      deleted.clear();
      wasEmptied = local.files.size + local.folders.size === 0;
    },
    sees(step) {
      if (step.by === "others") seesOthers(step);
      else seesMiroir(step);
    },
    hears(command, reply) {
      const [, verb, path] = /^(RNTO|RNFR|DELE|MKD|RMD|SIZE|MDTM|MLST) \/www\/(.*)$/.exec(command) ?? [];
      if (path === undefined) return;
      if (verb === "RNTO" && isTemporary(path) && reply && reply.code >= 500) seemsToNeedGaps = true;
      const isTold = reply && (reply.code < 400 || reply.code >= 500);
      if (!isTold && !isTemporary(path)) inFlight.add(path);
    },
    recorded(records) {
      for (const record of records) {
        // In place: nobody knows any more what the file holds.
        if (record.op === "begin") for (const { op, path } of record.steps) if (op === "upload") inFlight.add(path);
        if (record.op === "intend" && record.intent.sha1 !== undefined) inFlight.add(record.intent.path);
        if (record.op === "put" && record.entry.sha1 === UNKNOWN_SHA1) doubts(record.path);
        if (record.op !== "move" && !("path" in record)) continue;
        // A step that came to its end says nothing about another one of its path.
        if (record.op === "end" && (uncertain.get(record.path) ?? VERBS[record.step]) !== VERBS[record.step]) continue;
        const ends = record.op === "move" ? [record.from, record.to] : [record.path];
        const [end = ""] = ends;
        const recorded = recordedSha1s.get(end);
        const isUnsure = uncertain.has(end) || inFlight.has(end);
        for (const each of ends) inFlight.delete(each);
        if (record.op === "put") recordedSha1s.set(record.path, record.entry.sha1);
        else for (const end of ends) recordedSha1s.delete(end);
        const isSettled = (path: RelPath) =>
          ends.some((each) => path === each || (record.op === "move" && isAtOrBelow(path, each)));
        for (const path of [...uncertain.keys()]) if (isSettled(path)) uncertain.delete(path);
        const entry = record.op === "move" ? undefined : site().get(record.path);
        if ((record.op === "folder" || record.op === "put") && entry) entry.isForeign = false;
        if (record.op === "drop" || record.op === "unfolder") forgets(record, entry, recorded, isUnsure);
      }
    },
    adopted(manifest) {
      const tree = site();
      for (const path of tree.paths()) {
        const entry = tree.get(path);
        if (!entry || isTemporary(path)) continue;
        entry.isForeign = !manifest.files.has(path) && !manifest.folders.has(path);
      }
    },
    isForeign,
    contentOf(path) {
      const entry = site().get(path);
      return entry?.type === "file" ? sha1(entry) : undefined;
    },
    judgeClaims(manifest, isStrict) {
      const tree = site();
      const isExcused = (path: RelPath) => !isStrict && (uncertain.has(path) || tampered.has(path));
      for (const [path, claim] of manifest?.files ?? []) {
        const entry = tree.get(path);
        const isTrue = entry?.type === "file" && (sha1(entry) === claim.sha1 || claim.sha1 === UNKNOWN_SHA1);
        if (!isTrue && !isExcused(path)) tell(`the manifest claims a "${path}" that the site does not hold`);
      }
      for (const path of manifest?.folders ?? []) {
        if (!tree.hasFolder(path) && !isExcused(path)) tell(`the manifest claims the folder "${path}"`);
      }
    },
  };

  /** Content that is known to be there must not be sent again. */
  function doubts(path: RelPath): void {
    const entry = site().get(path);
    if (inFlight.has(path)) return;
    const isSure = entry?.type === "file" && recordedSha1s.get(path) === sha1(entry);
    if (isSure && !uncertain.has(path) && !tampered.has(path)) tell(`the manifest doubts "${path}", which it knows`);
  }

  function forgets(
    { op, path }: JournalRecord & { path: RelPath },
    entry: Entry | undefined,
    recorded: string | undefined,
    isUnsure: boolean,
  ): void {
    if (!entry) {
      if (!known()?.files.has(path)) tampered.delete(path);
      return;
    }
    const isHere = entry.type === "file" ? local.files.has(path) : local.folders.has(path);
    if ((op === "drop") !== (entry.type === "file")) return;
    const isKnown = entry.type === "file" && recorded === sha1(entry);
    if ((isKnown || (isHere && isStable(path))) && !isUnsure && !tampered.has(path)) {
      tell(`the manifest forgets "${path}", which the site holds`);
    }
    // What others put in the place of an entry is theirs from now on, and so is a folder that holds entries of theirs.
    const isTheirs = site()
      .paths()
      .some((each) => each !== path && isAtOrBelow(each, path) && isForeign(each));
    if (isTheirs || tampered.has(path)) entry.isForeign = true;
  }
}
