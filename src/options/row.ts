import type { ValueType } from "./values.ts";

export const COMMANDS = {
  watch: { arguments: "FOLDER SITE --log FILE", help: "Keeps SITE a mirror of FOLDER until it is stopped" },
  sync: { arguments: "FOLDER SITE --log FILE", help: "One pass, then exits with a code" },
  check: { arguments: "FOLDER SITE", help: "Compares FOLDER with SITE and changes nothing" },
  init: { arguments: "[FOLDER [SITE]]", help: "Asks the few questions, tries the connection, writes a profile" },
  doctor: { arguments: "SITE", help: "Tries the connection step by step and tells what the server can do" },
  status: { arguments: "", help: "Every mirror on this machine: running, last pass, pending, failing" },
  approve: { arguments: "[NAME]", help: "Lets the parked deletions of a mirror go" },
  stop: { arguments: "[NAME]", help: "Ends a running watch cleanly" },
  service: {
    arguments: "install FOLDER SITE --log FILE | remove [NAME] | list",
    help: "Runs a mirror at log-on, or on a schedule",
  },
} as const;

export type Command = keyof typeof COMMANDS;

/** The commands about one FOLDER and one SITE, which have an option, as `init` has, unless its row says otherwise. */
const PAIRING = ["watch", "sync", "check"] as const satisfies Command[];
export type PairingCommand = (typeof PAIRING)[number];
export type MirroringCommand = Exclude<PairingCommand, "check">;
export type ManagingCommand = Exclude<Command, PairingCommand | "init" | "doctor" | "service">;

export function isPairing(command: Command): command is PairingCommand {
  return (PAIRING as readonly Command[]).includes(command);
}

/** For the rows that every command has that connects to SITE. */
export const CONNECTING = [...PAIRING, "init", "doctor"] as const satisfies Command[];

/** For the rows that every command has. */
export const EVERY_COMMAND = Object.keys(COMMANDS) as Command[];

/** The command meant when none is named. */
export const DEFAULT_COMMAND: MirroringCommand = "watch";

export const GROUPS = {
  profile: "Profile",
  site: "Site",
  what: "What is mirrored",
  how: "How",
  log: "Log and state",
  service: "Service",
  terminal: "Terminal",
} as const;

export interface Rule {
  kind: "exclude" | "include" | "ignore-file";
  /** A gitignore pattern; the file's path for `ignore-file`. */
  value: string;
}

interface RowBasics {
  /** The key in `Options`, with its unit. */
  readonly property: string;
  readonly group: keyof typeof GROUPS;
  /** The commands that have it; when absent those about FOLDER and SITE, and `init`, which writes it down for them. */
  readonly commands?: readonly Command[];
  /** It says how to write: `check` takes it, so that a mirror's command line can be checked as it is, and has no use for it. */
  readonly writing?: true;
  readonly help: string;
  /** It is about profiles or services themselves, so that no profile can hold it. */
  readonly outsideProfiles?: true;
}

/** One value; the last one given counts. */
export interface ValueRow extends RowBasics {
  readonly kind: "value";
  readonly type: ValueType<unknown>;
  readonly default?: unknown;
  /** What the README shows where there is no default. */
  readonly otherwise?: string;
  readonly requiredBy?: readonly Command[];
  /** Its value is never shown. */
  readonly secret?: true;
  /** Its variable ranks below SITE, and is read elsewhere (credentials.ts). */
  readonly lateEnvironment?: true;
  /** It names a file or folder: in a profile it is relative to the configuration file. */
  readonly isPath?: true;
}

/** On or off; giving the flag turns the default round. */
export interface SwitchRow extends RowBasics {
  readonly kind: "switch";
  readonly default: boolean;
}

/** Repeatable. All rows of this kind fill one list, in the order of the command line. */
export interface RuleRow extends RowBasics {
  readonly kind: "rule";
  readonly property: "rules";
  readonly rule: Rule["kind"];
  readonly hint: string;
}

export type Row = ValueRow | SwitchRow | RuleRow;

export function flagOf(name: string): string {
  return `--${name}`;
}

export function variableOf(name: string): string {
  return `MIROIR_${name.toUpperCase().replaceAll("-", "_")}`;
}

export function isOptionOf(command: Command, row: Row): boolean {
  return row.commands?.includes(command) ?? (isPairing(command) || command === "init");
}

/** Whether it makes a difference to `command`. */
export function isOptionShown(command: Command, row: Row): boolean {
  return isOptionOf(command, row) && !(command === "check" && row.writing);
}

/** The effective value as the user would write it, `***` for a secret; `undefined` where there is none. */
export function formatValue(row: Row, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  switch (row.kind) {
    case "switch":
      return value === row.default ? "off" : "on";
    case "rule": {
      const own = (value as Rule[]).filter((rule) => rule.kind === row.rule);
      return own.length === 0 ? undefined : own.map((rule) => rule.value).join(", ");
    }
    case "value":
      return row.secret ? "***" : row.type.format(value);
    default:
      return row satisfies never;
  }
}
