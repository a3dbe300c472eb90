/**
 * foreign: the state belongs to another mirror; newer: a newer miroir wrote it (both: exit 5, nothing was touched).
 * unusable: the place cannot be used at all (exit 2). disk: writing failed, for now.
 */
export type StateErrorKind = "foreign" | "newer" | "unusable" | "disk";

export class StateError extends Error {
  override readonly name = "StateError";

  constructor(
    readonly kind: StateErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Who holds a lock, as it said itself: for messages only, never to decide anything. */
export interface LockHolder {
  pid: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  host: string;
}

/** Another process mirrors this pair (exit 6). */
export class LockedError extends Error {
  override readonly name = "LockedError";

  constructor(
    readonly directory: string,
    readonly holder: LockHolder | undefined,
  ) {
    const who = holder ? ` (process ${holder.pid} on ${holder.host}, since ${holder.startedAt})` : "";
    super(
      `Cannot mirror this folder to this site: another miroir already does${who}. ` +
        "Stop that one first, or let it do the work",
    );
  }
}
