import type { JournalRecord, Manifest } from "../detect/manifest.ts";
import type { Scope } from "../detect/scope.ts";
import type { Status } from "../state/status.ts";
import type { MirrorParts } from "./parts.ts";
import { startVerification, type Verification } from "./verify.ts";

/** When the site is compared with the manifest, and how much of it at once. */
export interface Verifier {
  /** It is time to compare, or a comparison is under way. */
  readonly isDue: boolean;
  /**
   * Compares: all at once in a single pass, the next share of it in a watch.
   * @returns whether the whole site has been compared now
   * @throws SiteError
   */
  goOn(manifest: Manifest, scope: Scope, connect: () => Promise<void>): Promise<boolean>;
}

/** A watch verifies the remote in so many parts of the time it has. */
const VERIFY_PARTS = 200;

export function createVerifier(
  parts: MirrorParts,
  status: Status,
  hooks: {
    /** What turned out not to be there. */
    learn(records: JournalRecord[]): void;
    sweepProbes(): Promise<void>;
  },
): Verifier {
  let verification: Verification | undefined;
  const timestamp = () => new Date(parts.now()).toISOString();

  function isTime(): boolean {
    if (status.unseen) return true;
    if (parts.verifyMs === Number.POSITIVE_INFINITY) return false;
    const age = parts.now() - Date.parse(status.lastVerifyAt ?? status.completedPassAt ?? timestamp());
    // A time to come is one of a clock that was wrong.
    return age < 0 || age >= parts.verifyMs;
  }

  return {
    get isDue() {
      return verification !== undefined || isTime();
    },
    async goOn(manifest, scope, connect) {
      await connect();
      verification ??= startVerification(manifest, scope, parts);
      const share = Math.ceil((verification.pending * parts.intervalMs * VERIFY_PARTS) / parts.verifyMs);
      const isSpread = parts.isWatch && !status.unseen;
      const records = await verification.advance(isSpread ? Math.max(1, share) : verification.pending);
      hooks.learn(records);
      if (verification.pending > 0) return false;
      verification = undefined;
      await hooks.sweepProbes();
      delete status.unseen;
      status.lastVerifyAt = timestamp();
      return true;
    },
  };
}
