import type { RelPath } from "../detect/tree.ts";
import { formatFtpTime } from "./features.ts";
import { type Command, isRefusal, isUnsafe, type Reply, SessionEnded } from "./pipeline.ts";
import { type Asking, entryOf, list, refused, sizeOf } from "./query.ts";
import { type Operation, type OperationResult, SiteError } from "./site.ts";
import type { UploadTools } from "./temporary.ts";
import { setTime } from "./time.ts";

export type Report = (operation: Operation, result: OperationResult) => void;

function commandsOf(operation: Operation, pathOf: (path: RelPath) => string, setTimeCommand: string): Command[] {
  const path = pathOf(operation.path);
  switch (operation.op) {
    case "mkdir":
      return [{ text: `MKD ${path}`, expects: [257, 250, 200] }];
    case "rename":
      return [
        { text: `RNFR ${pathOf(operation.from)}`, expects: [350] },
        { text: `RNTO ${path}`, expects: [250, 226, 200] },
      ];
    case "touch":
      return [{ text: `${setTimeCommand} ${formatFtpTime(operation.mtimeMs)} ${path}`, expects: [213, 200, 250, 253] }];
    case "delete":
      return [{ text: `DELE ${path}`, expects: [250, 200] }];
    case "rmdir":
      return [{ text: `RMD ${path}`, expects: [250, 200] }];
    default:
      return operation satisfies never;
  }
}

/** So many windows are with the server at once, so that it has work while the answers to the first travel. */
const WINDOWS_UNDER_WAY = 4;

/** One window that is with the server. */
interface Window {
  operations: Operation[];
  sent: Array<{ operation: Operation; commands: Command[] }>;
  /** What was answered, and what ended the session before all was. */
  answered: Promise<{ replies: Reply[]; ending: SessionEnded | undefined }>;
}

/**
 * Sends operations in windows of `windowSize`, in order, and reports each as soon as it is certain.
 * @throws SessionEnded when the session ends; what was not reported by then is unknown.
 */
export async function performAll(
  asking: Asking,
  operations: readonly Operation[],
  report: Report,
  tools: UploadTools,
  windowSize: () => number,
): Promise<void> {
  const underWay: Window[] = [];
  // The first refused time decides how the others are asked for.
  const isPatient = operations.some(({ op }) => op === "touch");
  let at = 0;
  const sendNext = () => {
    const size = windowSize();
    const most = isPatient || size === 1 ? 1 : WINDOWS_UNDER_WAY;
    asking.session.pipeline.together(() => {
      for (; at < operations.length && underWay.length < most; at += size)
        underWay.push(sendWindow(asking, operations.slice(at, at + size), tools));
    });
  };
  sendNext();
  try {
    for (let window = underWay.shift(); window; window = underWay.shift()) {
      const { replies, ending } = await window.answered;
      if (!ending && !isPatient) sendNext();
      const refusals = reportAnswered(window, replies, report);
      if (ending) throw ending;
      for (const [operation, refusal] of refusals)
        report(operation, await lookAgain(asking, operation, refusal, tools));
      sendNext();
    }
  } catch (error) {
    // What was reported could not be noted: nobody waits for the other windows any more.
    if (underWay.length > 0) asking.session.pipeline.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

function sendWindow(asking: Asking, operations: Operation[], tools: UploadTools): Window {
  const timed = asking.capabilities.setTime;
  const sent = operations
    .filter((operation) => !hasUnsafeName(operation) && (operation.op !== "touch" || timed !== "none"))
    .map((operation) => ({ operation, commands: commandsOf(operation, tools.pathOf, timed) }));
  const answered = asking.session.pipeline.exchange(sent.flatMap(({ commands }) => commands)).then(
    (replies) => ({ replies, ending: undefined }),
    (error: unknown) => {
      if (!(error instanceof SessionEnded)) throw error;
      return { replies: error.answered, ending: error };
    },
  );
  return { operations, sent, answered };
}

/** @returns what was refused: it may mean another thing */
function reportAnswered({ operations, sent }: Window, replies: readonly Reply[], report: Report): [Operation, Reply][] {
  const isSent = new Set(sent.map(({ operation }) => operation));
  for (const operation of operations) {
    if (hasUnsafeName(operation)) report(operation, unsafeResult(operation));
    else if (!isSent.has(operation)) report(operation, { status: "done", note: "undated" });
  }
  const refusals: [Operation, Reply][] = [];
  let taken = 0;
  for (const { operation, commands } of sent) {
    const own = replies.slice(taken, taken + commands.length);
    taken += commands.length;
    if (own.length < commands.length) break;
    const refusal = own.find(isRefusal);
    if (refusal) refusals.push([operation, refusal]);
    else report(operation, { status: "done" });
  }
  return refusals;
}

/** A refusal may only say that the wanted state is there already, or that something of others is in the way. */
async function lookAgain(
  asking: Asking,
  operation: Operation,
  refusal: Reply,
  tools: UploadTools,
): Promise<OperationResult> {
  try {
    return (await resultDespite(asking, operation, refusal, tools)) ?? failed(operation, refusal);
  } catch (error) {
    if (error instanceof SiteError && error.kind !== "unknown") return { status: "failed", error };
    throw error;
  }
}

async function resultDespite(
  asking: Asking,
  operation: Operation,
  refusal: Reply,
  tools: UploadTools,
): Promise<OperationResult | undefined> {
  if (refusal.code < 500) return undefined;
  const path = tools.pathOf(operation.path);
  switch (operation.op) {
    case "mkdir": {
      const entry = await entryOf(asking, path);
      if (entry?.type === "folder") return { status: "done", note: "existed" };
      if (entry) return blockedBy(entry.type, operation.path, refusal);
      return undefined;
    }
    case "rename": {
      if (!operation.unsettled) return undefined;
      if ((await entryOf(asking, tools.pathOf(operation.from))) !== undefined) return undefined;
      if (operation.sizeBytes !== undefined && (await sizeOf(asking, path)) !== operation.sizeBytes) return undefined;
      return (await entryOf(asking, path)) === undefined ? undefined : { status: "done" };
    }
    case "touch": {
      const dated = await setTime(asking, path, operation.mtimeMs, tools);
      return dated ? { status: "done" } : { status: "done", note: "undated" };
    }
    case "delete": {
      const entry = await entryOf(asking, path);
      return entry === undefined || entry.type === "folder" ? { status: "done", note: "absent" } : undefined;
    }
    case "rmdir": {
      const entry = await entryOf(asking, path);
      if (entry?.type !== "folder") return { status: "done", note: "absent" };
      const { entries } = await list(asking, path);
      const foreign = entries.some((each) => each.name !== "." && each.name !== "..");
      return foreign ? { status: "kept" } : undefined;
    }
    default:
      return operation satisfies never;
  }
}

/** A server may list names that no command can hold. */
function hasUnsafeName(operation: Operation): boolean {
  return isUnsafe(operation.path) || (operation.op === "rename" && isUnsafe(operation.from));
}

function unsafeResult({ path }: Operation): OperationResult {
  const error = new SiteError(`Cannot touch "${path}" on the server: its name holds a line break or a zero byte`, {
    kind: "permanent",
    reason: "unsafe-name",
  });
  return { status: "failed", error };
}

function blockedBy(type: string, path: RelPath, refusal: Reply): OperationResult {
  const error = new SiteError(
    `Cannot make the folder "${path}": a ${type === "file" ? "file" : "thing"} of that name, which miroir does not know, is on the server. Move it away there`,
    { kind: "permanent", reason: "blocked", code: refusal.code },
  );
  return { status: "failed", error };
}

function failed(operation: Operation, refusal: Reply): OperationResult {
  const action: Record<Operation["op"], string> = {
    mkdir: `make the folder "${operation.path}"`,
    rename: operation.op === "rename" ? `rename "${operation.from}" to "${operation.path}"` : "",
    touch: `set the time of "${operation.path}"`,
    delete: `delete "${operation.path}"`,
    rmdir: `remove the folder "${operation.path}"`,
  };
  return { status: "failed", error: refused(action[operation.op], refusal) };
}
