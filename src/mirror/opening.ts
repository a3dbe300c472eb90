import type { Intent, JournalRecord } from "../detect/manifest.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";
import { isResumable, type SiteError } from "../remote/site.ts";
import { settleDoubts } from "./doubts.ts";
import type { Memory } from "./memory.ts";
import type { Failure } from "./outcome.ts";
import type { MirrorParts } from "./parts.ts";
import { withRetries } from "./retry.ts";

/** The site is opened once in a pass, and only when something is asked of it. */
export interface Opening {
  /**
   * What a killed run left half done is put right before anything else is.
   * @param sessions how many will be of use, where that is known
   * @throws SiteError
   */
  connect(snapshot: Snapshot, sessions?: number): Promise<void>;
  /** The remote folder was made in this pass: nothing was in it. */
  readonly isNew: boolean;
  /** Removes what a slow server made when nobody looked for it any more. @throws SiteError */
  sweepProbes(): Promise<void>;
  /** The pass that comes next will probably send something. Nothing is asked twice before it. */
  prepare(): void;
  readonly isPrepared: boolean;
  /** A new pass begins. */
  expire(): void;
  /** Something was left half done, and it is time to try again. */
  readonly isSweepDue: boolean;
}

/** A temporary file that the server does not delete is tried again this late. */
const SWEEP_AGAIN_MS = 10 * 60_000;

/** So many are asked about at a verification. */
const MOST_PROBES = 20;

export function createOpening(
  parts: MirrorParts,
  memory: Memory,
  hooks: {
    onRetry(path: RelPath, error: SiteError, tryNumber: number): void;
    /** What asking the site about doubts came to. */
    learn(records: JournalRecord[]): void;
    /** A temporary file that stays. */
    onLeft(temporary: RelPath, failure: Failure): void;
  },
): Opening {
  const { site } = parts;
  let isOpen = false;
  /** Whether the remote folder was seen: since the last pass began, and in the time before this one. */
  let comingSight: Promise<boolean> | undefined;
  let sight: Promise<boolean> | undefined;
  let isNew = false;
  let sweepAtMs = 0;

  const isFirst = () => memory.manifest === undefined || memory.status.completedPassAt === undefined;

  function patiently<T>(path: RelPath, attempt: () => Promise<T>): Promise<T> {
    return withRetries(attempt, parts, (error, tryNumber) => hooks.onRetry(path, error, tryNumber));
  }

  async function recover(snapshot: Snapshot): Promise<void> {
    const ended: Intent[] = [];
    for (const intent of [...memory.intents.values()]) {
      if (goesOn(intent, snapshot)) continue;
      const isGone = await patiently(intent.path, () => site.recover(intent));
      if (isGone) ended.push(intent);
      else leave(intent);
      if (isGone && isProbe(intent)) {
        memory.status.probes = [...(memory.status.probes ?? []), intent.temporary].slice(-MOST_PROBES);
      }
    }
    if (memory.manifest) {
      const uploads = ended.filter(({ sha1 }) => sha1 !== undefined);
      hooks.learn(await settleDoubts(memory.doubts.values(), uploads, memory.manifest, site, parts));
    }
    memory.record(ended.map(({ id }) => ({ op: "settle", id })));
  }

  function leave({ temporary }: Intent): void {
    sweepAtMs = parts.monotonicMs() + SWEEP_AGAIN_MS;
    const detail = `The server does not delete miroir's temporary file "${temporary}". It is tried again later`;
    hooks.onLeft(temporary, { reason: "refused", detail });
  }

  return {
    async connect(snapshot, sessions) {
      if (sessions !== undefined) site.expect(sessions);
      if (isOpen) return;
      if (!(await sight)) {
        ({ isNew } = await patiently("", () => site.open(isFirst())));
      }
      isOpen = true;
      await recover(snapshot);
    },
    async sweepProbes() {
      for (const temporary of memory.status.probes ?? []) {
        const intent = { id: temporary, path: temporary, temporary };
        await patiently("", async () => (await site.entry(temporary)) !== undefined && site.recover(intent));
      }
      delete memory.status.probes;
    },
    prepare() {
      if (!isFirst()) comingSight ??= site.prepare();
    },
    get isPrepared() {
      return comingSight !== undefined;
    },
    expire() {
      isOpen = false;
      sight = comingSight;
      comingSight = undefined;
      isNew = false;
      site.expect(1);
    },
    get isNew() {
      return isNew;
    },
    get isSweepDue() {
      return memory.intents.size + memory.doubts.size > 0 && parts.monotonicMs() >= sweepAtMs;
    },
  };
}

/** An attempt at trying names out. */
const isProbe = ({ path, temporary }: Intent) => path === temporary;

/** A large upload that was interrupted, of a file that is still the same: its execution goes on from what is there. */
function goesOn({ path, begun, aside, sha1 }: Intent, snapshot: Snapshot): boolean {
  if (!isResumable(begun) || sha1 !== undefined) return false;
  const now = snapshot.files.get(path);
  return aside === undefined && now?.sizeBytes === begun.sizeBytes && now.mtimeMs === begun.mtimeMs;
}
