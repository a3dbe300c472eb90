import { isRefusal } from "../remote/pipeline.ts";
import { type Asking, ask, entryOf, list } from "../remote/query.ts";
import type { Session } from "../remote/session.ts";
import { SiteError } from "../remote/site.ts";
import type { Connected } from "./connection.ts";
import type { Finding, Step, Tell } from "./finding.ts";
import type { Transcript } from "./transcript.ts";

/** What the steps on an open session share. */
export interface Examination {
  /** A session that lives: the first one, or another after it ended. @throws SiteError */
  asking(): Promise<Asking>;
  /** Of the session that lives. */
  readonly transcript: Transcript;
  readonly address: string;
  readonly tell: Tell;
  /** The server's path of the remote folder, or of the nearest folder above it that is there. */
  root: string;
  /** Where files are tried out: a temporary folder, or `root` where none can be made. */
  place: string;
  /** Paths that this examination made or may have made, in order. */
  readonly made: { files: Set<string>; folders: Set<string> };
  /** A path for a temporary file in `place`, or for a folder in `root`. It counts as made from now on. */
  temporary(kind: "files" | "folders"): string;
  now(): number;
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface ExaminationParts {
  connected: Connected;
  /** Another session like the first. @throws SiteError */
  reopen(): Promise<Pick<Connected, "session" | "transcript">>;
  timeoutMs: number;
  tell: Tell;
  nonce(): string;
  now(): number;
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
}

export function createExamination(parts: ExaminationParts): Examination & { close(): void } {
  const { connected, timeoutMs, tell, nonce, now, monotonicMs, sleep } = parts;
  let { session, transcript } = connected as { session: Session; transcript: Transcript };
  // What one session finds out about the server holds for the next.
  const { capabilities } = session;
  const made = { files: new Set<string>(), folders: new Set<string>() };
  return {
    async asking() {
      if (session.pipeline.ended) ({ session, transcript } = await parts.reopen());
      return { session, capabilities, timeoutMs };
    },
    get transcript() {
      return transcript;
    },
    address: connected.address,
    tell,
    root: "",
    place: "",
    made,
    temporary(kind) {
      const path = `${kind === "files" ? this.place : this.root}/.miroir-${nonce()}`;
      made[kind].add(path);
      return path;
    },
    now,
    monotonicMs,
    sleep,
    close: () => session.close(),
  };
}

/** Runs one step; an error of the site becomes its finding, and the next step can go on. @returns undefined then */
export async function trying<T>(
  examination: Examination,
  step: Step,
  advice: string | undefined,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    examination.tell(problem(step, error, advice));
    return undefined;
  }
}

export function problem(step: Step, error: SiteError, advice: string | undefined): Finding {
  return { step, mark: "problem", found: error.message, advice };
}

/** Of a listing that is cut short more comes to light when what it showed is gone. */
const MOST_ROUNDS = 10;

/** Deletes all that was made, and says what the server did not let go of. */
export async function cleanUp(examination: Examination): Promise<string[]> {
  const asking = await examination.asking();
  const { files, folders } = examination.made;
  for (const file of files) await removed(asking, file, "DELE");
  for (const folder of folders) {
    // A server that alters names, or carries a command out late, leaves others in it: the folder is ours, and all in it.
    for (let rounds = 0; !(await removed(asking, folder, "RMD")) && rounds < MOST_ROUNDS; rounds++) {
      if ((await entryOf(asking, folder)) === undefined) break;
      const { entries } = await list(asking, folder);
      if (entries.length === 0) break;
      for (const { name, type } of entries) {
        await removed(asking, `${folder}/${name}`, type === "folder" ? "RMD" : "DELE");
      }
    }
  }
  const left: string[] = [];
  for (const path of [...files, ...folders]) if ((await entryOf(asking, path)) !== undefined) left.push(path);
  return left;
}

async function removed(asking: Asking, path: string, verb: "DELE" | "RMD"): Promise<boolean> {
  return !isRefusal(await ask(asking, `${verb} ${path}`, [200, 250]));
}
