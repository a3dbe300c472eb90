import type { RelPath } from "../detect/tree.ts";
import type { Reason } from "../report/reasons.ts";
import type { DigestAlgorithm } from "./features.ts";

/**
 * What a retry can do about an error.
 * - `transient`: the same thing may work in a moment;
 * - `permanent`: the server said no to this entry, the others may go on;
 * - `unknown`: it was sent and never answered, so the server has to be asked what became of it;
 * - `fatal`: nothing will work until a person changes something (account, certificate).
 */
export type ErrorKind = "transient" | "permanent" | "unknown" | "fatal";

export class SiteError extends Error {
  override readonly name = "SiteError";
  readonly kind: ErrorKind;
  readonly reason: Reason;
  /** The server's reply code, where there was one. */
  readonly code: number | undefined;
  /** What the server showed, where that is what is wrong. */
  readonly certificate: ShownCertificate | undefined;

  constructor(
    message: string,
    details: {
      kind: ErrorKind;
      reason: Reason;
      code?: number | undefined;
      certificate?: ShownCertificate | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.kind = details.kind;
    this.reason = details.reason;
    this.code = details.code;
    this.certificate = details.certificate;
  }
}

/** A certificate that is not believed. */
export interface ShownCertificate {
  /** What is wrong with it: ends the sentence "it ...". Undefined when an authority vouches for it. */
  why: string | undefined;
  subject: string;
  issuer: string;
  validFrom: string;
  validTo: string;
  /** SHA-256 in 64 lower-case hexadecimal digits: what --tls-fingerprint takes. */
  fingerprint: string;
  /** `TLSv1.3` */
  protocol: string;
}

/** One entry of a remote folder. */
export interface RemoteEntry {
  name: string;
  type: "file" | "folder" | "other";
  /** Of files, where the listing tells it. */
  sizeBytes?: number;
  /** UTC, from MLSD or MDTM only: LIST's times have no zone and no seconds. */
  mtimeMs?: number;
  /** Permission bits (`UNIX.mode`), where the listing tells them. */
  mode?: number;
}

export interface Listing {
  entries: RemoteEntry[];
  /** False when the server said that it cut the listing short: nothing may be concluded from an absence. */
  complete: boolean;
}

/** The bytes of one local file, read once. */
export interface Content {
  sizeBytes: number;
  mtimeMs: number;
  /** Reads the next bytes into `buffer`; 0 at the end. */
  read(buffer: Uint8Array): number | Promise<number>;
  /** Whether the file is still the one that was opened, with the same size and mtime. */
  isUnchanged(): Promise<boolean>;
  close(): Promise<void>;
}

export interface UploadJob {
  path: RelPath;
  open(): Promise<Content>;
  /** Called before anything stands on the server under a temporary name. */
  intend(intent: { id: string; temporary: RelPath; aside?: RelPath; begun?: Begun; dated?: true; sha1?: string }): void;
  /** Called when nothing is left of what was intended. */
  settled(id: string): void;
  /** Called before the file itself is written onto: from then on nobody knows what it holds. */
  overwriting(): void;
  /** Another version of the file is on the server: its permissions are kept. */
  replaces?: boolean;
  /** Set by an attempt whose end is not known; the next attempt settles it first. */
  unsettled?: Unsettled;
  onProgress?(sentBytes: number): void;
}

/** A file this large is worth resuming; a smaller one is sent again sooner than it is asked for. */
const RESUMABLE_BYTES = 4 * 1024 * 1024;

/** The local file an upload was begun with: only the very same one may be resumed. */
export interface Begun {
  sizeBytes: number;
  mtimeMs: number;
  /** An edit right after the beginning could bear the same mtime: not to be resumed. */
  racy?: true;
}

/** Whether what arrived of an upload may be kept: of a large file that nobody can have edited without its mtime telling. */
export function isResumable(begun: Begun | undefined): begun is Begun {
  return begun !== undefined && begun.sizeBytes >= RESUMABLE_BYTES && !begun.racy;
}

/** What an attempt left behind without knowing how it ended. */
export interface Unsettled {
  id: string;
  temporary: RelPath;
  /** Present once the rename into place was asked for: what the final name holds if it happened. */
  renaming?: Uploaded;
  /** Where the old content stands meanwhile, on servers that do not rename over a file. */
  aside?: RelPath;
  begun?: Begun;
  /** Its deletion was asked for, perhaps without an answer. */
  sweeping?: true;
}

/** What the server confirmed to hold. */
export interface Uploaded {
  id: string;
  sizeBytes: number;
  mtimeMs: number;
  sha1: string;
  /** Whether the server took the mtime. */
  dated: boolean;
  /** When the reading began (milliseconds since the epoch): what tells a racy mtime. */
  readAtMs: number;
}

/** One small change that one or two commands carry out. */
export type Operation =
  | { op: "mkdir"; path: RelPath }
  | {
      op: "rename";
      from: RelPath;
      path: RelPath;
      isFolder: boolean;
      /** Of a file: what tells that an interrupted rename happened. */
      sizeBytes?: number;
      /** Asked for before, with no answer. */
      unsettled?: true;
    }
  | { op: "touch"; path: RelPath; mtimeMs: number }
  | { op: "delete"; path: RelPath }
  | { op: "rmdir"; path: RelPath };

export type OperationResult =
  | { status: "done"; note?: "undated" | "absent" | "existed" }
  /** A folder that holds entries of others: left standing. */
  | { status: "kept" }
  | { status: "failed"; error: SiteError };

/** What a server makes of names. */
export interface NameProbe {
  /** Traits (plan/names.ts) that it stores otherwise than they were sent. */
  altered: Set<string>;
  /** Traits of names that it refuses. */
  refused?: Set<string>;
  /** `a` and `A` are one name. */
  foldsCase: boolean;
  /** The temporary folder could not be removed again. */
  isLeft?: boolean;
}

/** A remote folder as the mirror sees it: all paths are relative to it. */
export interface Site {
  /**
   * Connects, and makes sure that the remote folder is there.
   * @param mayCreate whether a missing remote folder is created (the first pass) or an error.
   * @returns `isNew`: it was made now, so nothing is in it
   * @throws SiteError `unreachable`, `login`, `tls`, `missing`
   */
  open(mayCreate: boolean): Promise<{ isNew: boolean }>;
  /** Tells how many sessions will be of use: when the first has logged in, the others are opened while it goes on. */
  expect(sessions: number): void;
  /**
   * Takes the first steps of an upload that will probably come in a moment, where a session stands idle; nothing is
   * asked of the server where none does.
   * @returns whether the remote folder was seen to be there; never an error
   */
  prepare(): Promise<boolean>;
  /** @throws SiteError; a missing folder is `missing`, never an empty listing. */
  list(folder: RelPath): Promise<Listing>;
  /** What stands at one path; undefined when the server says for certain that nothing does. @throws SiteError */
  entry(path: RelPath): Promise<RemoteEntry | undefined>;
  /** Mtimes of files (UTC, milliseconds), where the server tells them. */
  times(paths: RelPath[]): Promise<Map<RelPath, number>>;
  /** Carries the operations out in order; each result is reported as soon as it is certain. */
  perform(operations: Operation[], report: (operation: Operation, result: OperationResult) => void): Promise<void>;
  /** One attempt at one file. @throws SiteError */
  upload(job: UploadJob): Promise<Uploaded>;
  /**
   * Uploads on one session, one attempt each, until `next` has none to begin or the session ends; every file that was
   * begun is reported. @throws SiteError when no session could be had
   */
  uploads(next: () => UploadJob | undefined, report: (job: UploadJob, result: Uploaded | Error) => void): Promise<void>;
  /**
   * Deletes what is left of an interrupted upload, or puts the old content back where the new never arrived.
   * @returns false when something is left that the server does not delete
   */
  recover(intent: { id: string; path: RelPath; temporary: RelPath; aside?: RelPath }): Promise<boolean>;
  /**
   * Tries out what the server makes of names, in a temporary folder of its own.
   * @param temporary path of that folder
   */
  probeNames(temporary: RelPath, traits: readonly string[]): Promise<NameProbe>;
  /** How many uploads may run at once. */
  readonly parallel: number;
  close(): Promise<void>;
}

/** The hash of what a file on the site holds, in lower-case hexadecimal. */
export interface RemoteDigest {
  algorithm: DigestAlgorithm;
  hex: string;
  /** The server's word; false when the bytes came over and were hashed here. */
  isTold: boolean;
}

/** A site that can be read: for comparing, which changes nothing. */
export interface ReadableSite extends Site {
  /**
   * What stands at many paths, asked in few writes: undefined where the server says for certain that nothing does, an
   * error where it did not say. @throws SiteError when the session ended
   */
  entries(paths: readonly RelPath[]): Promise<Map<RelPath, RemoteEntry | SiteError | undefined>>;
  /**
   * By the server's own hash where it has one, else by reading the file back: then `sizeBytes` have to come.
   * @param readsBack never believe the server's own
   * @throws SiteError
   */
  digest(path: RelPath, sizeBytes: number, readsBack?: boolean): Promise<RemoteDigest>;
}
