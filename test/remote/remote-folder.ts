import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Intent } from "../../src/detect/manifest.ts";
import { createFtpSite, type SiteOptions } from "../../src/remote/ftp.ts";
import type { Account } from "../../src/remote/session.ts";
import type {
  Content,
  Operation,
  OperationResult,
  ReadableSite,
  Site,
  Uploaded,
  UploadJob,
} from "../../src/remote/site.ts";
import type { TestServer } from "../servers/server.ts";

/** A remote folder of one test's own, seen through a `Site` and on the server's disk. */
export interface RemoteFolder extends AsyncDisposable {
  site: ReadableSite;
  /** The same folder on the server's disk. */
  disk: string;
  /** What the site said the server lacks. */
  degraded: string[];
  /** One for each first session of a run. */
  connected: Array<{ encrypted: boolean }>;
}

export interface RemoteFolderOptions extends Partial<Pick<SiteOptions, "connections" | "inPlace" | "limitRateBytes">> {
  /** Default: what fits the server. */
  account?: Partial<Account>;
  /** Below the test's folder, which is there already. Default: the test's folder itself. */
  below?: string;
  /** The login folder itself, instead of a folder of the test's own. */
  isLoginFolder?: boolean;
  /** Give the site an absolute path. Default: one relative to the login folder. */
  isAbsolute?: boolean;
}

let count = 0;

/** The account of a test server, believing its certificate and no other. */
export function accountOf(server: TestServer, changes: Partial<Account> = {}): Account {
  const { host, port, user, password } = server;
  const authorities = server.tls === "off" ? {} : { authorities: readFileSync(server.certificateFile, "utf8") };
  return {
    host,
    port,
    user,
    password,
    tls: server.tls,
    trust: { insecure: false, ...authorities },
    timeoutMs: 20_000,
    ...changes,
  };
}

export function openFolder(server: TestServer, options: RemoteFolderOptions = {}): RemoteFolder {
  const { account, below, isAbsolute = false, isLoginFolder = false, ...changes } = options;
  const own = `case-${++count}`;
  if (!isLoginFolder) mkdirSync(join(server.root, own));
  const inLogin = below === undefined ? own : `${own}/${below}`;
  const remote = isLoginFolder ? "" : inLogin;
  // vsftpd shows the login folder under its real path.
  const login = server.kind === "vsftpd" ? server.root : "";
  const degraded: string[] = [];
  const connected: Array<{ encrypted: boolean }> = [];
  const site = createFtpSite({
    account: accountOf(server, account),
    remoteDir: isAbsolute ? `${login}/${remote}` : remote,
    connections: 4,
    inPlace: false,
    limitRateBytes: Number.POSITIVE_INFINITY,
    now: Date.now,
    monotonicMs: () => performance.now(),
    sleep: Bun.sleep,
    nonce: () => crypto.randomUUID().slice(0, 13),
    onDegraded: (message) => degraded.push(message),
    onConnected: ({ encrypted }) => connected.push({ encrypted }),
    ...changes,
  });
  return { site, disk: join(server.root, remote), degraded, connected, [Symbol.asyncDispose]: () => site.close() };
}

export interface ContentFlaws {
  /** With a fraction, as a disk gives it. Default: in 2020. */
  mtimeMs?: number;
  /** What `isUnchanged` says after the last byte. Default: false. */
  isChanged?: boolean;
  /** Where reading fails with EIO. Default: never. */
  failsAtBytes?: number;
}

export function contentOf(bytes: Uint8Array | string, flaws: ContentFlaws = {}): Content {
  const whole = Buffer.from(bytes);
  const end = Math.min(whole.length, flaws.failsAtBytes ?? whole.length);
  let at = 0;
  return {
    sizeBytes: whole.length,
    mtimeMs: flaws.mtimeMs ?? 1_600_000_000_123.25,
    async read(buffer) {
      if (at === end && flaws.failsAtBytes !== undefined) {
        throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
      }
      const copied = whole.copy(buffer, 0, at, end);
      at += copied;
      return copied;
    },
    isUnchanged: async () => flaws.isChanged !== true,
    async close() {},
  };
}

export interface TestJob extends UploadJob {
  intents: Array<Omit<Intent, "path">>;
  settledIds: string[];
  /** How often the file itself was about to be written onto. */
  readonly overwrites: number;
}

export function jobOf(path: string, bytes: Uint8Array | string, flaws?: ContentFlaws): TestJob {
  const intents: TestJob["intents"] = [];
  const settledIds: string[] = [];
  let overwrites = 0;
  return {
    path,
    get overwrites() {
      return overwrites;
    },
    overwriting: () => void overwrites++,
    open: async () => contentOf(bytes, flaws),
    intend(intent) {
      // Noted again it is the same one, further on.
      const known = intents.findIndex(({ id }) => id === intent.id);
      if (known < 0) intents.push(intent);
      else intents[known] = intent;
    },
    settled: (id) => settledIds.push(id),
    intents,
    settledIds,
  };
}

/** What was reported of each job sent in a row on one session; undefined for those that were not begun. */
export async function uploadInARow(site: Site, jobs: UploadJob[]): Promise<Array<Uploaded | Error | undefined>> {
  const results = new Map<UploadJob, Uploaded | Error>();
  let begun = 0;
  await site.uploads(
    () => jobs[begun++],
    (job, result) => {
      if (results.has(job)) throw new Error(`"${job.path}" was reported twice`);
      results.set(job, result);
    },
  );
  return jobs.map((job) => results.get(job));
}

/** The results of `operations`, in the order they were reported in, each `op path result`. */
export async function performed(site: Site, operations: Operation[]): Promise<string[]> {
  const lines: string[] = [];
  await site.perform(operations, (operation, result) =>
    lines.push(`${operation.op} ${operation.path} ${wordOf(result)}`),
  );
  return lines;
}

function wordOf(result: OperationResult): string {
  switch (result.status) {
    case "done":
      return result.note ?? "done";
    case "kept":
      return "kept";
    case "failed":
      return `${result.error.kind} ${result.error.reason}`;
    default:
      return result satisfies never;
  }
}

export const sha1Of = (bytes: Uint8Array | string) => createHash("sha1").update(bytes).digest("hex");

/** Everything below a folder of the disk, sorted; folders end in `/`. */
export function treeOf(folder: string): string[] {
  const below = (at: string): string[] =>
    readdirSync(join(folder, at), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${at}${entry.name}/`, ...below(`${at}${entry.name}/`)] : [`${at}${entry.name}`],
    );
  return below("").sort();
}

export const mtimeOf = (file: string) => statSync(file).mtimeMs;

/** What `promise` was rejected with. Throws when it was not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  const value = await promise.catch((error: unknown) => {
    if (error instanceof Error) return { rejection: error };
    throw new Error(`rejected with "${String(error)}", which is no error`);
  });
  if (typeof value === "object" && value !== null && "rejection" in value && value.rejection instanceof Error) {
    return value.rejection;
  }
  throw new Error("it was not rejected");
}
