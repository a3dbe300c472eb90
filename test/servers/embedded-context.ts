import type { SecureContext } from "node:tls";
import type { DataChannel } from "./embedded-data.ts";
import type { Faults, Misbehaviour } from "./embedded-faults.ts";
import type { Fact } from "./embedded-listing.ts";
import type { EmbeddedServerOptions, Features } from "./embedded-options.ts";
import type { Place, Tree } from "./embedded-tree.ts";
import type { Visitor } from "./embedded-visitor.ts";

/** One STOR or APPE. */
export interface Transfer {
  command: "STOR" | "APPE";
  /** Relative to the login folder, without a leading `/`. */
  path: string;
  /** What arrived; with a `truncateAt` more than was kept. */
  sizeBytes: number;
  /** The server's reply was to be a success. */
  isComplete: boolean;
}

export interface ReceivedCommand {
  /** Counted from 1, in the order of connecting. */
  session: number;
  /** As received, with the password masked. */
  text: string;
  atMs: number;
}

/** What all sessions of a server share. */
export interface ServerContext {
  options: EmbeddedServerOptions;
  features: Features;
  host: string;
  root: string;
  secureContext: SecureContext | undefined;
  tree: Tree;
  faults: Faults;
  visitor: Visitor;
  commands: ReceivedCommand[];
  transfers: Transfer[];
  now: () => number;
  /** Aborted when the server stops. */
  signal: AbortSignal;
  sessionsOpen(): number;
}

/** What commands see and change of their session. */
export interface SessionContext {
  readonly server: ServerContext;
  /** Absolute, as the account sees it. */
  folder: string;
  user: string | undefined;
  isLoggedIn: boolean;
  isSecure: boolean;
  type: "A" | "I";
  renameFrom: Place | undefined;
  restartAtBytes: number;
  protectData: boolean;
  facts: Set<Fact>;
  data: DataChannel | undefined;
  /** What is to happen once the reply is out. */
  afterReply: "upgrade" | "end" | undefined;
  /** Sends one reply; a line end is added. */
  say(reply: string): void;
  /** Runs the fault's steps; throws Interruption where one of them ends the command. */
  suffer(misbehaviour: Misbehaviour["before"]): Promise<void>;
}

/** The final reply; undefined when it has been sent already. */
export type Answer = string | undefined;

export interface Command {
  /** The part of the argument that names a file or folder. */
  path?: (argument: string) => string;
  feature?: keyof Features;
  isFreeOfLogin?: true;
  run(session: SessionContext, argument: string, misbehaviour: Misbehaviour): Answer | Promise<Answer>;
}

export type Commands = Record<string, Command>;
