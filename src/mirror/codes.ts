import { FolderError } from "../detect/scan.ts";
import { SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode } from "../report/exit.ts";
import type { Reason } from "../report/reasons.ts";
import { StateError } from "../state/errors.ts";
import type { Failure } from "./outcome.ts";

/** What may end a pass early: everything else is a bug. */
export type PassError = SiteError | FolderError | StateError;

export function isPassError(error: unknown): error is PassError {
  return error instanceof SiteError || error instanceof FolderError || error instanceof StateError;
}

export function exitOf(error: PassError): OutcomeCode {
  if (error instanceof SiteError) return exitOfReason(error.reason);
  if (error instanceof StateError && error.kind === "unusable") return EXIT.usage;
  // Without its state a mirror would forget what it did: it stops rather than guess.
  return EXIT.unsafe;
}

function exitOfReason(reason: Reason): OutcomeCode {
  switch (reason) {
    case "login":
    case "tls":
      return EXIT.denied;
    case "missing":
      return EXIT.unsafe;
    case "unsupported":
    case "refused":
    case "full":
      return EXIT.incomplete;
    default:
      return EXIT.unreachable;
  }
}

export function failureOfPass(error: PassError): Failure {
  if (error instanceof SiteError) return { reason: error.reason, detail: error.message, code: error.code };
  return { reason: error instanceof FolderError ? "folder" : "manifest", detail: error.message };
}
