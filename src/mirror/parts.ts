import type { ScanOptions } from "../detect/scan.ts";
import type { AdoptMode } from "../plan/adopt.ts";
import type { MaxDelete } from "../plan/guards.ts";
import type { Site } from "../remote/site.ts";
import type { Log } from "../report/log.ts";
import type { Progress } from "../report/progress.ts";

/** What a mirror is made of: the real parts are put together in one place, src/commands/assemble.ts. */
export interface MirrorParts {
  /** Real, absolute path of FOLDER. */
  folder: string;
  /** What of FOLDER is mirrored, read anew for each pass. @throws FolderError when its rules cannot be read */
  readScan(): ScanOptions;
  site: Site;
  log: Log;
  /** Where somebody is looking on. */
  progress?: Progress;
  delete: "tracked" | "all" | "none";
  maxDelete: MaxDelete;
  adopt: AdoptMode;
  checksum: boolean;
  /** How often the whole remote is compared with what it is known to hold. */
  verifyMs: number;
  intervalMs: number;
  retries: number;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never jump, from any start. */
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
  random(): number;
  /** Unpredictable and never used before: names temporary files and folders. */
  nonce(): string;
  isStopped(): boolean;
  /** Gives back the memory that a large look at FOLDER took. */
  releaseMemory?(): void;
  /** Runs on after a failed pass. */
  isWatch: boolean;
  /** A plain session is worth a warning: encryption was wanted, not needed. */
  warnsWhenPlain: boolean;
}
