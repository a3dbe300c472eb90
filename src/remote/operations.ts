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
  let at = 0;
  while (at < operations.length) {
    const timed = asking.capabilities.setTime;
    const window: Operation[] = [];
    while (at < operations.length && window.length < windowSize()) {
      const operation = operations[at++];
      if (operation) window.push(operation);
    }
    const unsafe = window.filter(hasUnsafeName);
    for (const operation of unsafe) report(operation, unsafeResult(operation));
    const isTimed = (operation: Operation) => operation.op !== "touch" || timed !== "none";
    const sendable = window.filter((operation) => isTimed(operation) && !unsafe.includes(operation));
    const commands = sendable.map((operation) => commandsOf(operation, tools.pathOf, timed));
    let replies: Reply[];
    let ending: SessionEnded | undefined;
    try {
      replies = await asking.session.pipeline.exchange(commands.flat());
    } catch (error) {
      if (!(error instanceof SessionEnded)) throw error;
      ending = error;
      replies = error.answered;
    }
    for (const operation of window)
      if (!isTimed(operation) && !unsafe.includes(operation)) report(operation, { status: "done", note: "undated" });
    const secondLooks: Array<[Operation, Reply]> = [];
    let taken = 0;
    for (const [index, operation] of sendable.entries()) {
      const own = replies.slice(taken, taken + (commands[index]?.length ?? 0));
      taken += commands[index]?.length ?? 0;
      if (own.length < (commands[index]?.length ?? 0)) break;
      const refusal = own.find(isRefusal);
      if (refusal) secondLooks.push([operation, refusal]);
      else report(operation, { status: "done" });
    }
    if (ending) throw ending;
    for (const [operation, refusal] of secondLooks)
      report(operation, await lookAgain(asking, operation, refusal, tools));
  }
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
