import { emptyManifest } from "../detect/manifest.ts";
import { type Action, actionsOf, plan } from "../plan/plan.ts";
import { SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode } from "../report/exit.ts";
import { adoptSite } from "./adoption.ts";
import { exitOf, isPassError, type PassError } from "./codes.ts";
import { look, settledScan } from "./look.ts";
import type { Memory } from "./memory.ts";
import type { MirrorParts } from "./parts.ts";

export interface Preview {
  code: OutcomeCode;
  error?: PassError;
}

/** Prints what a pass would do, and does none of it. Asks the site only when nothing is known of it. */
export async function preview(parts: MirrorParts, memory: Memory, show: (line: string) => void): Promise<Preview> {
  try {
    return { code: await printPlan(parts, memory, show) };
  } catch (error) {
    if (!isPassError(error)) throw error;
    return { code: exitOf(error), error };
  }
}

async function printPlan(parts: MirrorParts, memory: Memory, show: (line: string) => void): Promise<OutcomeCode> {
  const scan = parts.readScan();
  const snapshot = await settledScan(parts.folder, scan, parts.sleep);
  const known = memory.manifest ?? (await adoptedOrNothing());
  const changesOf = await look(parts.folder, snapshot, known, { scan, checksum: parts.checksum, now: parts.now });
  const planned = plan(changesOf(new Set()), {
    delete: parts.delete,
    maxDelete: parts.maxDelete,
    knownEntries: known.files.size + known.folders.size,
    approved: new Set(),
  });
  let steps = 0;
  let bytes = 0;
  for (const action of actionsOf(planned)) {
    const line = describe(action);
    if (line === undefined) continue;
    if (action.op === "upload") bytes += action.entry.sizeBytes;
    steps++;
    show(line);
  }
  for (const path of planned.parked) show(`parked   ${path} (waits: more deletions than --max-delete allows)`);
  for (const { path, detail } of snapshot.problems) show(`problem  ${path} (${detail})`);
  show(`${steps} steps, ${bytes} bytes to upload; nothing was changed`);
  return planned.parked.length > 0 ? EXIT.unsafe : snapshot.problems.length > 0 ? EXIT.incomplete : EXIT.ok;

  async function adoptedOrNothing() {
    try {
      await parts.site.open(false);
      return await adoptSite(parts, snapshot, scan.follow);
    } catch (error) {
      if (error instanceof SiteError && error.reason === "missing") return emptyManifest();
      throw error;
    }
  }
}

function describe(action: Action): string | undefined {
  switch (action.op) {
    case "mkdir":
    case "rmdir":
      return `${action.op.padEnd(8)} ${action.path}/`;
    case "rename":
      return `rename   ${action.from}${action.isFolder ? "/" : ""} -> ${action.path}${action.isFolder ? "/" : ""}`;
    case "upload":
      return `upload   ${action.path} (${action.why}, ${action.entry.sizeBytes} bytes)`;
    case "touch":
    case "delete":
      return `${action.op.padEnd(8)} ${action.path}`;
    case "note":
      return undefined;
    default:
      return action satisfies never;
  }
}
