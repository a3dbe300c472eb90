import type { OutcomeCode } from "../report/exit.ts";

/** What is tried, in this order, by the words that are shown. */
export const STEPS = {
  name: "host name",
  port: "port",
  encryption: "encryption",
  login: "login",
  folder: "remote folder",
  passive: "data connection",
  listing: "listing",
  folders: "new folders",
  write: "write",
  size: "size",
  rename: "rename",
  time: "file times",
  delete: "delete",
  hidden: "hidden files",
  names: "names",
  sessions: "sessions",
  speed: "round trip",
  clock: "clock",
  cleanup: "left behind",
} as const;

export type Step = keyof typeof STEPS;

/** `warning`: miroir finds a way round it. `problem`: something cannot be mirrored. `skipped`: could not be tried. */
export type Mark = "ok" | "warning" | "problem" | "skipped";

export interface Finding {
  step: Step;
  mark: Mark;
  /** What was found, in one sentence; why it was not tried. */
  found: string;
  /** The server's own words. */
  server?: string | undefined;
  /** What to do, or what miroir does. */
  advice?: string | undefined;
  /** Of a problem that keeps miroir from the site: how any run would end. */
  code?: OutcomeCode | undefined;
}

export type Tell = (finding: Finding) => void;
