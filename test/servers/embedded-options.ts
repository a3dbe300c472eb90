import type { Fault } from "./embedded-faults.ts";

/** What the server can do. A command that is switched off is answered 500, an overwrite 553. */
export interface Features {
  mlsd: boolean;
  mlst: boolean;
  mfmt: boolean;
  mdtm: boolean;
  /** `MDTM YYYYMMDDhhmmss path` sets the time, as vsftpd does. */
  mdtmSet: boolean;
  size: boolean;
  epsv: boolean;
  feat: boolean;
  utf8: boolean;
  rest: boolean;
  appe: boolean;
  siteChmod: boolean;
  siteUtime: boolean;
  /** `XSHA1 path`, as ProFTPD's mod_digest has it. */
  xsha1: boolean;
  renameOverwrite: boolean;
  storOverwrite: boolean;
}

export const ALL_FEATURES: Features = {
  mlsd: true,
  mlst: true,
  mfmt: true,
  mdtm: true,
  mdtmSet: false,
  size: true,
  epsv: true,
  feat: true,
  utf8: true,
  rest: true,
  appe: true,
  siteChmod: true,
  siteUtime: true,
  xsha1: false,
  renameOverwrite: true,
  storOverwrite: true,
};

export interface EmbeddedServerOptions {
  /** The local folder that is served. Default: a fresh temporary folder, removed by `stop()`. */
  root?: string;
  /** The absolute path under which the account sees `root`. Default: `/`. Folders above it can only be entered and listed. */
  loginFolder?: string;
  /** A loopback address to listen on. Default: `127.0.0.1`. */
  host?: string;
  /** Default: 0, any free port. */
  port?: number;
  /** Default: `alice`. */
  user?: string;
  /** Default: `secret`. */
  password?: string;
  /** Default: `off`. */
  tls?: "off" | "explicit" | "implicit";
  /** PEM files; needed unless `tls` is `off`. `authorityFile`: who signed it, when it is not itself. */
  certificate?: { keyFile: string; certificateFile: string; authorityFile?: string };
  /** Default: `TLSv1.3`. */
  tlsMaxVersion?: "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Refuses (522) a data connection that does not resume a TLS session. Default: false. */
  requireTlsReuse?: boolean;
  /** Refuses (530) a login in clear. Default: false. */
  requireTls?: boolean;
  /** Default: everything but `mdtmSet` and `xsha1`. */
  features?: Partial<Features>;
  /** Default: `unix`. */
  listFormat?: "unix" | "dos";
  /** Default: false. */
  caseInsensitive?: boolean;
  /** The name under which `name` is stored and looked up; `command` is the verb that carries it. Default: as it is. */
  alterName?: (name: string, command: string) => string;
  /** Leaves dot files out of every listing but `LIST -a`. Default: false. */
  hideDotFiles?: boolean;
  /** Answers a LIST or NLST of a missing folder with an empty listing, as vsftpd does. Default: false. */
  missingListsEmpty?: boolean;
  /** Cuts every listing after so many entries, with a 226 that says so. Default: none. */
  listingLimit?: number;
  /** What all files together may take: a STOR ends with 552 where it would exceed it. Default: none. */
  quotaBytes?: number;
  /** Default: none. */
  maxSessions?: number;
  /** Told at the greeting when it is a 421, at PASS when it is a 530. Default: `421 Too many connections`. */
  maxSessionsReply?: string;
  /** The IPv4 address that PASV tells, when it is to be a wrong one. */
  passiveHost?: string;
  /** Sends each reply in pieces of so many bytes, each written by itself. Default: whole. */
  replyChunkBytes?: number;
  /** Delays every reply by so much, without holding up the commands behind it. Default: 0. */
  latencyMs?: number;
  /** How long a transfer waits for its data connection before 425. Default: 10,000. */
  dataTimeoutMs?: number;
  /** Throws away what comes over a data connection before the 150, as pyftpdlib does. Default: false. */
  losesEarlyBytes?: boolean;
  /** Ends a silent session with 421. Default: never. */
  idleTimeoutMs?: number;
  faults?: readonly Fault[];
  /** For faults with a `probability`. Default: 1. */
  seed?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number;
}
