import type { RelPath } from "../../src/detect/tree.ts";
import { explainRefusal } from "../../src/remote/mend.ts";
import { performAll } from "../../src/remote/operations.ts";
import { remotePath } from "../../src/remote/paths.ts";
import { createPool } from "../../src/remote/pool.ts";
import { prepareSession } from "../../src/remote/prepare.ts";
import { probeNames } from "../../src/remote/probe.ts";
import { type Asking, entryOf, list, timesOf } from "../../src/remote/query.ts";
import { recover } from "../../src/remote/recovery.ts";
import type { Session } from "../../src/remote/session.ts";
import { type Site, SiteError } from "../../src/remote/site.ts";
import { uploadTrain } from "../../src/remote/train.ts";
import { upload } from "../../src/remote/upload.ts";
import { atOnce } from "../../src/remote/writes.ts";
import type { Clock } from "./clock.ts";
import { REMOTE_ROOT } from "./model-server.ts";
import { openModelSession, type Surroundings } from "./model-session.ts";

type UploadTools = Parameters<typeof upload>[2];

/** The real remote layer, put together as createFtpSite() does it, over sessions with the model server. */
export function createModelSite(
  surroundings: Surroundings,
  options: { clock: Clock; nonce(): string; connections: number; windowSize: number; inPlace: boolean },
): Site {
  const { weather, process, turn } = surroundings;
  const { clock } = options;
  const pool = createPool(
    async () => {
      turn();
      if (process.isDead) await new Promise(() => {});
      const how = weather.connection();
      if (how === "open") return openModelSession(surroundings);
      const reason = how === "busy" ? "connection" : "unreachable";
      throw new SiteError(`Cannot connect: ${how}`, { kind: "transient", reason });
    },
    { size: options.connections, now: clock.monotonicMs, onLimit() {} },
  );
  let capabilities: Asking["capabilities"] | undefined;

  const tools: UploadTools = {
    pathOf: (path) => remotePath(REMOTE_ROOT, path),
    nonce: options.nonce,
    now: clock.now,
    degrade() {},
    admit: () => Promise.resolve(),
    inPlace: options.inPlace,
    explain: (asking, path, error) => explainRefusal(asking, path, error, tools.pathOf),
  };

  function askingOn(session: Session): Asking {
    capabilities ??= session.capabilities;
    return { session, capabilities, timeoutMs: 30_000 };
  }

  const asking = <T>(use: (asking: Asking) => Promise<T>): Promise<T> => pool.with((session) => use(askingOn(session)));

  return {
    open: () =>
      asking(async (each) => {
        if ((await entryOf(each, REMOTE_ROOT))?.type !== "folder") throw new Error("the remote folder is always there");
        return { isNew: false };
      }),
    async prepare() {
      const prepared = pool.withIdle((session) => prepareSession(askingOn(session), REMOTE_ROOT, () => {}));
      return (await prepared?.catch(() => false)) ?? false;
    },
    expect: pool.expect,
    list: (folder) => asking((each) => list(each, tools.pathOf(folder))),
    entry: (path) => asking((each) => entryOf(each, tools.pathOf(path))),
    times: (paths) =>
      asking(async (each) => {
        const answers = await timesOf(each, paths.map(tools.pathOf));
        const known = paths.map((path, index): [RelPath, number | undefined] => [path, answers[index]]);
        return new Map(known.filter((pair): pair is [RelPath, number] => pair[1] !== undefined));
      }),
    perform: (operations, report) =>
      asking((each) => performAll(each, operations, report, tools, () => options.windowSize)),
    upload: (job) =>
      asking((each) =>
        upload(each, job, tools).catch(async (error) => Promise.reject(await tools.explain(each, job.path, error))),
      ),
    uploads: (next, report) => asking((each) => uploadTrain(each, next, report, tools)),
    probeNames: (temporary, traits) => asking((each) => probeNames(each, tools.pathOf(temporary), traits, atOnce)),
    recover: (intent) => asking((each) => recover(each, intent, tools)),
    get parallel() {
      return pool.limit;
    },
    async close() {
      pool.drop();
    },
  };
}
