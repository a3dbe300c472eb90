import type { Reason } from "./reasons.ts";

export type LogEvent =
  | "start"
  | "connect"
  | "pass"
  | "upload"
  | "delete"
  | "rename"
  | "mkdir"
  | "rmdir"
  | "touch"
  | "adopt"
  | "skip"
  | "retry"
  | "fail"
  | "refuse"
  | "warn"
  | "stop"
  | "ftp";

export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * One movement or event. `start` also carries version, folder and site; `pass` its counts: uploaded, bytes,
 * deleted, renamed, created, removed, touched, adopted, failed, pending, parked.
 */
export interface LogRecord {
  event: LogEvent;
  /** The new one, where there are two. A folder's ends in `/`. */
  path?: string;
  from?: string;
  bytes?: number;
  ms?: number;
  sha1?: string;
  reason?: Reason;
  /** The server's reply code. */
  code?: number;
  /** For the person who reads it: what failed, in what state, what to do. */
  detail?: string;
  /** False: for the log file only. */
  terminal?: boolean;
  [field: string]: string | number | boolean | undefined;
}
