import type { Source } from "./given.ts";
import type { Options } from "./options.ts";
import type { Profile } from "./profile.ts";
import type { Command, ManagingCommand, MirroringCommand, PairingCommand } from "./row.ts";
import type { ServiceInvocation } from "./service-invocation.ts";

/** Where each option's value came from, by the option's name. */
export type Sources = ReadonlyMap<string, Source>;

/** A command that connects to SITE. */
export interface SiteInvocation {
  command: PairingCommand | "doctor";
  /** As given; `undefined` when the site is given by `--host` and its companions. */
  site: string | undefined;
  options: Options;
  sources: Sources;
  profile: Profile | undefined;
  siteSource: Source;
  /** For the log, one line each. */
  warnings: string[];
}

/** A command about FOLDER and SITE. */
export interface PairInvocation extends SiteInvocation {
  command: PairingCommand;
  folder: string;
  folderSource: Source;
}

export interface RunInvocation extends PairInvocation {
  command: MirroringCommand;
  options: Options & { log: string };
}

/** Nothing is written: no log is needed. */
export interface CheckInvocation extends PairInvocation {
  command: "check";
}

/** What is already known of the profile that is to be written. */
export interface InitInvocation {
  command: "init";
  folder: string | undefined;
  site: string | undefined;
  options: Options;
  sources: Sources;
}

/** Nothing is mirrored: there is no FOLDER. */
export interface DoctorInvocation extends SiteInvocation {
  command: "doctor";
}

/** A command about mirrors that are there already. */
export interface ManageInvocation {
  command: ManagingCommand;
  /** Which mirror: a folder, or an id from `miroir status`. */
  name: string | undefined;
  options: Options;
}

export type Invocation =
  | RunInvocation
  | CheckInvocation
  | InitInvocation
  | DoctorInvocation
  | ManageInvocation
  | ServiceInvocation
  | { command: "help"; of?: Command }
  | { command: "version" };
