import type { RelPath } from "../detect/tree.ts";
import type { Capabilities } from "./features.ts";
import { performAll } from "./operations.ts";
import { remotePath, remoteRoot } from "./paths.ts";
import { SessionEnded } from "./pipeline.ts";
import { createPool } from "./pool.ts";
import { probeNames } from "./probe.ts";
import { type Asking, entryOf, list, timesOf } from "./query.ts";
import { createAdmission } from "./rate.ts";
import { recover } from "./recovery.ts";
import { type Account, openSession, type Session } from "./session.ts";
import { type Site, SiteError } from "./site.ts";
import { type UploadTools, upload } from "./upload.ts";

/** Commands sent in one write. All servers tried took hundreds; a server that stumbles is sent one at a time. */
const WINDOW = 64;

export interface SiteOptions {
  account: Account;
  /** As written: absolute with a leading `/`, else relative to the login folder. */
  remoteDir: string;
  connections: number;
  inPlace: boolean;
  /** Bytes per second over all sessions; `Infinity` for no limit. */
  limitRateBytes: number;
  sleep(ms: number): Promise<void>;
  now(): number;
  /** Milliseconds that never jump. */
  monotonicMs(): number;
  nonce(): string;
  /** Told once per kind: what the server lacks, and what follows from it. */
  onDegraded(message: string): void;
  /** The first session of a run. */
  onConnected(session: { encrypted: boolean }): void;
}

export function createFtpSite(options: SiteOptions): Site {
  const { account } = options;
  const degraded = new Set<string>();
  let capabilities: Capabilities | undefined;
  let root = "";
  let windowSize = WINDOW;

  const degrade = (message: string) => {
    if (degraded.has(message)) return;
    degraded.add(message);
    options.onDegraded(message);
  };

  const pool = createPool(
    async () => {
      const session = await openSession(account);
      root = remoteRoot(session.loginFolder, options.remoteDir);
      if (capabilities === undefined) {
        // What the first session finds out about the server holds for all of them.
        capabilities = session.capabilities;
        options.onConnected(session);
        if (!capabilities.mlsd) degrade("The server has no MLSD: listings are read from LIST, times from MDTM");
      }
      return session;
    },
    {
      size: options.connections,
      now: options.monotonicMs,
      onLimit: (limit, error) => degrade(`${error.message}. Going on with ${limit} at once`),
    },
  );

  const tools: UploadTools = {
    pathOf: (path) => remotePath(root, path),
    nonce: options.nonce,
    now: options.now,
    degrade,
    admit: createAdmission(options.limitRateBytes, options.monotonicMs, options.sleep),
    inPlace: options.inPlace,
  };

  function asking<T>(use: (asking: Asking) => Promise<T>): Promise<T> {
    return pool.with((session: Session) =>
      use({ session, capabilities: capabilities ?? session.capabilities, timeoutMs: account.timeoutMs }),
    );
  }

  async function makeRoot(asking: Asking): Promise<void> {
    const steps = root.split("/");
    for (let count = 1; count <= steps.length; count++) {
      const path = steps.slice(0, count).join("/");
      if (path === "" || path === ".") continue;
      const [reply] = await asking.session.pipeline.exchange([{ text: `MKD ${path}`, expects: [257, 250, 200] }]);
      if (count < steps.length || !reply || reply.code < 400) continue;
      if ((await entryOf(asking, path))?.type === "folder") continue;
      throw new SiteError(`Cannot make the remote folder "${path}": the server answered "${reply.text}"`, {
        kind: reply.code < 500 ? "transient" : "permanent",
        reason: "missing",
        code: reply.code,
      });
    }
  }

  /** An upload refused because its folder is gone from the server: the folder is made again before the next try. */
  async function mend(asking: Asking, path: RelPath, error: unknown): Promise<never> {
    const isRefused = error instanceof SiteError && error.reason === "refused" && error.kind === "permanent";
    if (!isRefused || asking.session.pipeline.ended) throw error;
    const folders = path.split("/").slice(0, -1);
    const parent = folders.join("/");
    if ((await entryOf(asking, tools.pathOf(parent))) !== undefined) throw error;
    if ((await entryOf(asking, tools.pathOf(""))) === undefined) throw rootMissing(root);
    const commands = folders.map((_, index) => ({
      text: `MKD ${tools.pathOf(folders.slice(0, index + 1).join("/"))}`,
      expects: [257, 250, 200],
    }));
    await asking.session.pipeline.exchange(commands);
    throw new SiteError(`The remote folder "${parent}" had vanished and was made again`, {
      kind: "transient",
      reason: "missing",
      code: error.code,
      cause: error,
    });
  }

  return {
    open(mayCreate) {
      return asking(async (each) => {
        if (root === "" || root === ".") return;
        if ((await entryOf(each, root))?.type === "folder") return;
        if (!mayCreate) throw rootMissing(root);
        await makeRoot(each);
      });
    },
    list: (folder) => asking((each) => list(each, tools.pathOf(folder))),
    entry: (path) => asking((each) => entryOf(each, tools.pathOf(path))),
    times(paths) {
      return asking(async (each) => {
        const times = new Map<RelPath, number>();
        for (let at = 0; at < paths.length; at += windowSize) {
          const window = paths.slice(at, at + windowSize);
          const answers = await timesOf(each, window.map(tools.pathOf));
          for (const [index, path] of window.entries()) {
            const time = answers[index];
            if (time !== undefined) times.set(path, time);
          }
        }
        return times;
      });
    },
    async perform(operations, report) {
      try {
        await asking((each) => performAll(each, operations, report, tools, () => windowSize));
      } catch (error) {
        if (windowSize > 1 && error instanceof SessionEnded && operations.length > 1) {
          windowSize = 1;
          degrade(
            `The connection ended over several commands sent at once (${error.message}): sending them one at a time`,
          );
        }
        throw error;
      }
    },
    upload(job) {
      return asking(async (each) => {
        try {
          return await upload(each, job, tools);
        } catch (error) {
          return mend(each, job.path, error);
        }
      });
    },
    probeNames: (temporary, traits) => asking((each) => probeNames(each, tools.pathOf(temporary), traits)),
    recover: (intent) => asking((each) => recover(each, intent, tools)),
    get parallel() {
      return pool.limit;
    },
    async close() {
      pool.drop();
    },
  };
}

function rootMissing(root: string): SiteError {
  return new SiteError(
    `The remote folder "${root}" is missing on the server. If it was removed on purpose, make it again there; nothing was changed`,
    { kind: "fatal", reason: "missing" },
  );
}
