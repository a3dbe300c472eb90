import { EVERY_COMMAND, type Row, type Rule } from "./row.ts";
import {
  bytes,
  choice,
  type DeletionLimit,
  deletionLimit,
  duration,
  fingerprint,
  integer,
  text,
  type ValueType,
} from "./values.ts";

/**
 * Every option, once. The key gives the flag (`--max-delete`), the variable (`MIROIR_MAX_DELETE`) and the profile key;
 * parser, `Options`, usage text and README rows follow. A row can be taken away without another edit.
 */
export const OPTIONS = {
  profile: {
    kind: "value",
    property: "profile",
    type: text("NAME", "the name of a profile"),
    outsideProfiles: true,
    otherwise: "the only one, without FOLDER and SITE",
    group: "profile",
    help: "FOLDER, SITE and options by a name",
  },
  config: {
    kind: "value",
    property: "configFile",
    type: text("FILE", "a file name"),
    outsideProfiles: true,
    otherwise: "the system's place for configuration",
    group: "profile",
    commands: EVERY_COMMAND,
    help: "The file that holds the profiles",
  },
  host: {
    kind: "value",
    property: "host",
    type: text("HOST", "a host name or address"),
    group: "site",
    help: "Instead of SITE, all taken literally",
  },
  port: {
    kind: "value",
    property: "port",
    type: integer({ min: 1, max: 65535 }),
    otherwise: "21; 990 with implicit TLS",
    group: "site",
    help: "Port of the server",
  },
  user: {
    kind: "value",
    property: "user",
    type: text("NAME", "an account name"),
    group: "site",
    help: "Account on the server",
  },
  password: {
    kind: "value",
    property: "password",
    type: text("TEXT", "a password that is not empty"),
    secret: true,
    lateEnvironment: true,
    group: "site",
    help: "Its password; the process list shows it",
  },
  "password-file": {
    kind: "value",
    property: "passwordFile",
    type: text("FILE", "a file name"),
    isPath: true,
    group: "site",
    help: "File whose first line is the password",
  },
  "remote-dir": {
    kind: "value",
    property: "remoteDir",
    type: text("DIR", "a folder on the server"),
    otherwise: "the login folder",
    group: "site",
    help: "Remote folder; a leading / is absolute",
  },
  tls: {
    kind: "value",
    property: "tls",
    type: choice("auto", "explicit", "implicit", "off"),
    default: "auto",
    group: "site",
    help: "Encryption; auto: when the server offers it",
  },
  "tls-fingerprint": {
    kind: "value",
    property: "tlsFingerprint",
    type: fingerprint(),
    otherwise: "the system's authorities",
    group: "site",
    help: "Trust this very certificate",
  },
  "tls-ca": {
    kind: "value",
    property: "tlsCaFile",
    type: text("FILE", "a file name"),
    isPath: true,
    otherwise: "the system's authorities",
    group: "site",
    help: "Trust the authorities in this PEM file",
  },
  "tls-insecure": {
    kind: "switch",
    property: "tlsInsecure",
    default: false,
    group: "site",
    help: "Trust any certificate",
  },
  depth: {
    kind: "value",
    property: "depth",
    type: integer({ min: 0, endless: "unlimited" }),
    default: 6,
    group: "what",
    help: "Levels of sub-folders; 0: FOLDER's own files",
  },
  exclude: {
    kind: "rule",
    property: "rules",
    rule: "exclude",
    hint: "PATTERN",
    group: "what",
    help: "Leave out what matches (gitignore syntax)",
  },
  include: {
    kind: "rule",
    property: "rules",
    rule: "include",
    hint: "PATTERN",
    group: "what",
    help: "Take in again what matches; the last match wins",
  },
  "ignore-file": {
    kind: "rule",
    property: "rules",
    rule: "ignore-file",
    hint: "FILE",
    group: "what",
    help: "Rules from a file in gitignore syntax",
  },
  symlinks: {
    kind: "value",
    property: "symlinks",
    type: choice("skip", "follow"),
    default: "skip",
    group: "what",
    help: "What to do with symbolic links",
  },
  delete: {
    kind: "value",
    property: "delete",
    type: choice("tracked", "all", "none"),
    default: "tracked",
    group: "what",
    help: "What may be deleted on the site",
  },
  "max-delete": {
    kind: "value",
    property: "maxDelete",
    type: deletionLimit(),
    default: { kind: "percent", percent: 50, floor: 10 } satisfies DeletionLimit as DeletionLimit,
    group: "what",
    help: "More deletions in one pass wait for approval",
  },
  adopt: {
    kind: "value",
    property: "adopt",
    type: choice("size+mtime", "size", "none"),
    default: "size+mtime",
    group: "what",
    help: "How a first run recognises files already there",
  },
  interval: {
    kind: "value",
    property: "intervalMs",
    type: duration({ minMs: 10 }),
    default: 1000,
    group: "how",
    help: "How often the mirror is refreshed",
  },
  checksum: {
    kind: "switch",
    property: "checksum",
    default: false,
    group: "how",
    help: "Read and hash every file in every pass",
  },
  verify: {
    kind: "value",
    property: "verifyMs",
    type: duration({ minMs: 100, endless: "off" }),
    default: 86_400_000,
    group: "how",
    help: "List and repair the site this often, or off",
  },
  connections: {
    kind: "value",
    property: "connections",
    type: integer({ min: 1, max: 64 }),
    default: 4,
    group: "how",
    help: "Sessions at once",
  },
  "limit-rate": {
    kind: "value",
    property: "limitRateBytes",
    type: bytes("RATE", { endless: "none" }),
    default: Number.POSITIVE_INFINITY,
    group: "how",
    help: "Upload rate in bytes per second: 500k, 2M",
  },
  timeout: {
    kind: "value",
    property: "timeoutMs",
    type: duration({ minMs: 100 }),
    default: 30_000,
    group: "how",
    help: "Longest wait for the server",
  },
  retries: {
    kind: "value",
    property: "retries",
    type: integer({ min: 0, max: 1000 }),
    default: 3,
    group: "how",
    help: "Tries again per operation and pass",
  },
  "in-place": {
    kind: "switch",
    property: "inPlace",
    default: false,
    group: "how",
    help: "Write straight onto the final name",
  },
  "dry-run": {
    kind: "switch",
    property: "dryRun",
    default: false,
    group: "how",
    help: "Print the plan, write nothing",
  },
  log: {
    kind: "value",
    property: "log",
    type: text("FILE", "a file name"),
    isPath: true,
    requiredBy: ["watch", "sync"],
    group: "log",
    help: "Log of every movement; - is stdout",
  },
  "log-format": {
    kind: "value",
    property: "logFormat",
    type: choice("text", "json"),
    default: "text",
    group: "log",
    help: "Format of the log",
  },
  "log-size": {
    kind: "value",
    property: "logSizeBytes",
    type: bytes("BYTES"),
    default: 10_000_000,
    group: "log",
    help: "Size at which the log is rotated",
  },
  "log-keep": {
    kind: "value",
    property: "logKeep",
    type: integer({ min: 0, max: 1000 }),
    default: 5,
    group: "log",
    help: "Rotated logs that are kept",
  },
  debug: {
    kind: "switch",
    property: "debug",
    default: false,
    group: "log",
    help: "Also log every FTP command and reply",
  },
  "state-dir": {
    kind: "value",
    property: "stateDir",
    type: text("DIR", "a folder"),
    isPath: true,
    otherwise: "the system's place for state",
    group: "log",
    commands: EVERY_COMMAND,
    help: "Where manifest, journal and lock are kept",
  },
  json: {
    kind: "switch",
    property: "json",
    default: false,
    group: "terminal",
    commands: ["status"],
    help: "Print JSON",
  },
  quiet: {
    kind: "switch",
    property: "quiet",
    default: false,
    group: "terminal",
    help: "Only errors on the terminal",
  },
  "no-progress": {
    kind: "switch",
    property: "progress",
    default: true,
    group: "terminal",
    help: "No progress display",
  },
  color: {
    kind: "value",
    property: "color",
    type: choice("auto", "always", "never"),
    default: "auto",
    group: "terminal",
    help: "Colours on the terminal",
  },
} as const satisfies Record<string, Row>;

type Rows = (typeof OPTIONS)[keyof typeof OPTIONS];

type ValueOf<R> = R extends { kind: "rule" }
  ? Rule[]
  : R extends { kind: "switch" }
    ? boolean
    : R extends { type: ValueType<infer T> }
      ? R extends { default: unknown }
        ? T
        : T | undefined
      : never;

/** The effective value of every option. Durations in milliseconds, sizes in bytes, `Infinity` where there is no limit. */
export type Options = { [R in Rows as R["property"]]: ValueOf<R> };

/** An option's name, without the dashes. */
export type OptionName = keyof typeof OPTIONS;

/** The table by name, in its order. */
export const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>(Object.entries(OPTIONS));
