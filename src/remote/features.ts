/** What a server says it can do, and what it turned out not to do. */
export interface Capabilities {
  mlsd: boolean;
  mlst: boolean;
  size: boolean;
  mdtm: boolean;
  /** The command that sets an mtime; `none` when no way was found. */
  setTime: "MFMT" | "MDTM" | "none";
  utf8: boolean;
  /** Commands that tell the hash of a file, the preferred first. */
  digests: readonly DigestCommand[];
  epsv: boolean;
  /** The server names EPSV itself, so a listing may be asked for behind it: no file comes of one that has no port. */
  listsAtOnce: boolean;
  /**
   * EPSV and STOR are taken behind a STOR that is running. Only vsftpd is known to; whether this is one is `perhaps`
   * until it has stored a file so.
   */
  storesAhead: "no" | "perhaps" | "yes";
  /** A data connection may wait for its transfer: until one did not last, or the server stumbled over one. */
  holdsData: boolean;
  /**
   * What comes over a data connection before the 150 is kept. Of the servers that are known to it is `perhaps` until a
   * file has arrived so.
   */
  takesEarly: "no" | "perhaps" | "yes";
  /** RNTO onto an existing file is taken (RFC 959 leaves it open). */
  renameOverwrites: boolean;
}

export type DigestAlgorithm = "sha1" | "sha256" | "md5";

/** `command path` is answered with the hash; HASH (draft-bryan-ftpext-hash) is told the algorithm beforehand. */
export interface DigestCommand {
  command: string;
  algorithm: DigestAlgorithm;
  /** As OPTS HASH takes it. */
  option?: string;
}

/** SHA-1 first: the manifest's own. */
const DIGESTS: readonly DigestCommand[] = [
  { command: "XSHA1", algorithm: "sha1" },
  { command: "XSHA", algorithm: "sha1" },
  { command: "HASH", algorithm: "sha1", option: "SHA-1" },
  { command: "XSHA256", algorithm: "sha256" },
  { command: "HASH", algorithm: "sha256", option: "SHA-256" },
  { command: "XMD5", algorithm: "md5" },
  { command: "HASH", algorithm: "md5", option: "MD5" },
];

/**
 * Capabilities out of the reply to FEAT (RFC 2389). Without FEAT the common commands are assumed and found out by
 * trying: a refused one is then switched off.
 * @param greeting what the server said when the connection opened
 */
export function parseFeatures(lines: readonly string[] | undefined, greeting = ""): Capabilities {
  const features = new Map<string, string>();
  for (const line of lines ?? []) {
    const [, name = "", rest = ""] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
    if (name) features.set(name.toUpperCase(), rest);
  }
  const unknown = lines === undefined;
  return {
    // RFC 3659 §7.8: "MLST" stands for both MLST and MLSD.
    mlsd: features.has("MLST") || features.has("MLSD"),
    mlst: features.has("MLST"),
    size: unknown || features.has("SIZE") || !features.has("MLST"),
    mdtm: unknown || features.has("MDTM"),
    setTime: features.has("MFMT") || unknown ? "MFMT" : "MDTM",
    utf8: features.has("UTF8") || /\butf-?8\b/i.test([...features.values()].join(" ")),
    digests: DIGESTS.filter(({ command, option }) => {
      const listed = features.get(command);
      if (option === undefined) return listed !== undefined;
      // The default algorithm is marked by a star.
      return listed?.split(";").some((name) => name.trim().replace("*", "").toUpperCase() === option) === true;
    }),
    epsv: true,
    listsAtOnce: features.has("EPSV"),
    storesAhead: /\bvsFTPd\b/i.test(greeting) ? "perhaps" : "no",
    holdsData: true,
    takesEarly: /\b(vsFTPd|ProFTPD|Pure-FTPd)\b/i.test(greeting) ? "perhaps" : "no",
    renameOverwrites: true,
  };
}

/** `YYYYMMDDhhmmss` in UTC, whole seconds (RFC 3659 §2.3); undefined for a time that this form cannot hold. */
export function formatFtpTime(mtimeMs: number): string | undefined {
  const date = new Date(Math.floor(mtimeMs / 1000) * 1000);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1970 || year > 9999) return undefined;
  return date.toISOString().slice(0, 19).replace(/[-T:]/g, "");
}

/** Milliseconds since the epoch out of an RFC 3659 §2.3 time (`19980615100045.014`). */
export function parseFtpTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?$/.exec(text.trim());
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // A leap second is legal; a day that the calendar does not have is not.
  const isReal = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  if (!isReal || hour > 23 || minute > 59 || second > 60) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + Number(match[7] ?? 0) * 1000;
}

/** The port of a 229 reply to EPSV, `229 … (|||port|)` (RFC 2428). */
export function parseExtendedPassive(text: string): number | undefined {
  const match = /\((.)\1\1(\d{1,5})\1\)/.exec(text);
  return validPort(match ? Number(match[2]) : Number.NaN);
}

/** The port of a 227 reply to PASV. The address in it is ignored: data goes to the host of the control connection. */
export function parsePassive(text: string): number | undefined {
  const match = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(text.slice(3));
  if (!match || match.slice(1).some((number) => Number(number) > 255)) return undefined;
  return validPort(Number(match[5]) * 256 + Number(match[6]));
}

function validPort(port: number): number | undefined {
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

/** The folder of a 257 reply to PWD: between quotes, quotes doubled (RFC 959 appendix II). */
export function parseWorkingFolder(text: string): string | undefined {
  const match = /"((?:[^"]|"")*)"/.exec(text);
  return match?.[1]?.replaceAll('""', '"');
}

/** The number of a 213 reply to SIZE; it stands on the last line, commentary may follow it. */
export function parseSize(lastLine: string): number | undefined {
  const match = /^\d{3}[ -]\s*(\d+)/.exec(lastLine);
  const size = match ? Number(match[1]) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}
