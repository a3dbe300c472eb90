/** The process's exit codes: what scripts and schedulers branch on. */
export const EXIT = {
  /** In sync; for a watch: stopped cleanly. */
  ok: 0,
  /** The pass ended, and some entries could not be mirrored; for a check: differences. */
  incomplete: 1,
  /** Usage or configuration. */
  usage: 2,
  /** The site cannot be reached, or the connection was lost and retries are used up. */
  unreachable: 3,
  /** Login or TLS trust refused. */
  denied: 4,
  /** Refused to protect data. */
  unsafe: 5,
  /** Another miroir already mirrors this pair. */
  locked: 6,
  /** A bug in miroir. */
  bug: 70,
  /** Interrupted by SIGINT; the next run goes on from there. */
  interrupted: 130,
  /** Interrupted by SIGTERM; the next run goes on from there. */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a run can end with by itself, without a signal. */
export type OutcomeCode = Exclude<ExitCode, 130 | 143>;

export const EXIT_MEANINGS: Record<ExitCode, string> = {
  0: "in sync",
  1: "some entries could not be mirrored",
  2: "a mistake in the command line or the configuration",
  3: "the site cannot be reached",
  4: "the login or the TLS certificate was refused",
  5: "refused, to protect data",
  6: "another miroir already mirrors this pair",
  70: "a bug in miroir",
  130: "interrupted by SIGINT",
  143: "interrupted by SIGTERM",
};

const PRECEDENCE: readonly OutcomeCode[] = [70, 2, 6, 4, 3, 5, 1];

/** The one code to exit with where several apply; 0 for none. */
export function worstExit(codes: Iterable<OutcomeCode>): OutcomeCode {
  const met = new Set(codes);
  return PRECEDENCE.find((code) => met.has(code)) ?? EXIT.ok;
}
