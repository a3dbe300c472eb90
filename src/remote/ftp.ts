import type { RelPath } from "../detect/tree.ts";
import { blame } from "./early.ts";
import type { Capabilities } from "./features.ts";
import { LoginStumbled } from "./login.ts";
import { entriesAt } from "./lookup.ts";
import { explainRefusal } from "./mend.ts";
import { performAll } from "./operations.ts";
import { remotePath, remoteRoot } from "./paths.ts";
import { SessionEnded } from "./pipeline.ts";
import { createPool } from "./pool.ts";
import { prepareSession } from "./prepare.ts";
import { probeNames } from "./probe.ts";
import { type Asking, entryOf, list, timesOf } from "./query.ts";
import { createAdmission } from "./rate.ts";
import { readBack, toldDigest } from "./read-back.ts";
import { recover } from "./recovery.ts";
import { openRoot } from "./root.ts";
import { type Account, openSession, type Session } from "./session.ts";
import { type ReadableSite, type RemoteEntry, SiteError } from "./site.ts";
import type { UploadTools } from "./temporary.ts";
import { uploadTrain } from "./train.ts";
import { upload } from "./upload.ts";
import { atOnce, inTurn } from "./writes.ts";

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
  /** For --limit-rate; it must end once the site is to be closed. */
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

export function createFtpSite(options: SiteOptions): ReadableSite {
  const { account } = options;
  const degraded = new Set<string>();
  let capabilities: Capabilities | undefined;
  let root = "";
  let hasEncrypted = account.seenEncrypted === true;
  let windowSize = WINDOW;
  let oneByOne = false;
  /** One whose data connection waited in vain. */
  let disappointed: Session | undefined;
  let isPasswordWanted = false;

  const degrade = (message: string) => {
    if (degraded.has(message)) return;
    degraded.add(message);
    options.onDegraded(message);
  };

  const onEncryption = () => {
    if (hasEncrypted) return;
    hasEncrypted = true;
    account.onEncryption?.();
  };

  async function openOne(): Promise<Session> {
    const own = () => ({ ...account, seenEncrypted: hasEncrypted, onEncryption, oneByOne, isPasswordWanted });
    try {
      const session = await openSession(own());
      isPasswordWanted = session.isPasswordWanted;
      return session;
    } catch (error) {
      if (!(error instanceof SiteError && error.cause instanceof LoginStumbled)) throw error;
      oneByOne = true;
      try {
        const session = await openSession(own());
        degrade(`The server takes no login in few writes (${error.cause.message}): one command at a time`);
        return session;
      } catch (again) {
        // It was not that.
        oneByOne = false;
        throw again;
      }
    }
  }

  const pool = createPool(
    async () => {
      const hadEncrypted = hasEncrypted;
      const session = await openOne();
      // Told again when a plain session came first: from now on there is no way back.
      if (session.encrypted && !hadEncrypted && capabilities !== undefined) options.onConnected(session);
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
    explain: (each, path, error) => explainRefusal(each, path, error, tools.pathOf),
  };

  const askingOn = (session: Session): Asking => ({
    session,
    capabilities: capabilities ?? session.capabilities,
    timeoutMs: account.timeoutMs,
  });

  const asking = <T>(use: (asking: Asking) => Promise<T>): Promise<T> => pool.with((session) => use(askingOn(session)));

  const sendAll = () => (windowSize > 1 ? atOnce : inTurn);

  /** Commands sent at once that cost the session are sent one at a time from then on. */
  async function windowed<T>(count: number, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      if (windowSize > 1 && error instanceof SessionEnded && count > 1) {
        windowSize = 1;
        degrade(
          `The connection ended over several commands sent at once (${error.message}): sending them one at a time`,
        );
      }
      throw error;
    }
  }

  return {
    expect(sessions) {
      pool.expect(sessions);
    },
    open: (mayCreate) =>
      windowed(mayCreate ? 2 : 1, () => asking((each) => openRoot(each, root, { mayCreate, sendAll: sendAll() }))),
    async prepare() {
      const ended = disappointed?.pipeline.ended;
      // Only words of the server's tell that it stumbled over a connection that came to nothing.
      if (disappointed && ended instanceof SiteError && ended.code !== undefined)
        blame(askingOn(disappointed), { isReady: true, isEarly: false }, ended, tools);
      disappointed = undefined;
      const prepared = pool.withIdle((session) =>
        prepareSession(askingOn(session), root, () => {
          disappointed = session;
        }),
      );
      try {
        return (await prepared) ?? false;
      } catch {
        // What is wrong shows when something has to be done.
        return false;
      }
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
    perform: (operations, report) =>
      windowed(operations.length, () =>
        asking((each) => performAll(each, operations, report, tools, () => windowSize)),
      ),
    entries(paths) {
      return windowed(paths.length, () =>
        asking(async (each) => {
          const found = new Map<RelPath, RemoteEntry | SiteError | undefined>();
          for (let at = 0; at < paths.length; at += windowSize) {
            const window = paths.slice(at, at + windowSize);
            const answers = await entriesAt(each, window.map(tools.pathOf));
            for (const [index, path] of window.entries()) found.set(path, answers[index]);
          }
          return found;
        }),
      );
    },
    digest: (path, sizeBytes, readsBack = false) =>
      asking(async (each) => {
        const told = readsBack ? undefined : await toldDigest(each, tools.pathOf(path), sizeBytes);
        return told ?? readBack(each, tools.pathOf(path), sizeBytes);
      }),
    upload: (job) =>
      asking((each) =>
        upload(each, job, tools).catch(async (error) => Promise.reject(await tools.explain(each, job.path, error))),
      ),
    uploads: (next, report) => asking((each) => uploadTrain(each, next, report, tools)),
    probeNames: (temporary, traits) =>
      windowed(2, () => asking((each) => probeNames(each, tools.pathOf(temporary), traits, sendAll()))),
    recover: (intent) => asking((each) => recover(each, intent, tools)),
    get parallel() {
      return pool.limit;
    },
    async close() {
      pool.drop();
    },
  };
}
