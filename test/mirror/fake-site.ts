import { createHash } from "node:crypto";
import { isAtOrBelow, nameOf, parentOf, type RelPath } from "../../src/detect/tree.ts";
import { type Operation, type OperationResult, type Site, SiteError, type UploadJob } from "../../src/remote/site.ts";
import type { Tree } from "../plan/tree-model.ts";

/**
 * What becomes of one step. `lost`: the connection ends before it, `unanswered`: after it; `killed…`: miroir itself ends.
 */
export type Verdict =
  | "done"
  | "refused"
  | "busy"
  | "lost"
  | "silent"
  | "unanswered"
  | "killed-before"
  | "killed-after"
  | "login";

export interface Step {
  op: Operation["op"] | "upload" | "list" | "open";
  path: RelPath;
}

/** The process ends here, as far as the test is concerned. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export interface FakeSite extends Site {
  readonly steps: Step[];
  readonly opened: number;
}

const ERRORS = {
  refused: { kind: "permanent", reason: "refused", code: 550 },
  busy: { kind: "transient", reason: "refused", code: 450 },
  lost: { kind: "transient", reason: "connection" },
  silent: { kind: "unknown", reason: "timeout" },
  unanswered: { kind: "unknown", reason: "timeout" },
  login: { kind: "fatal", reason: "login", code: 530 },
} as const;

export function failureOf(verdict: keyof typeof ERRORS, path: string): SiteError {
  return new SiteError(`Cannot do anything with "${path}": ${verdict}`, ERRORS[verdict]);
}

/** A server in memory that behaves like the real one behind `Site`; its tree is `tree`, changed in place. */
export function createFakeSite(
  tree: Tree,
  judge: (step: Step) => Verdict = () => "done",
  afterStep: (step: Step) => void = () => {},
): FakeSite {
  const steps: Step[] = [];
  let opened = 0;
  let uploads = 0;

  const typeAt = (path: RelPath) =>
    path === "" || tree.folders.has(path) ? "folder" : tree.files.has(path) ? "file" : undefined;
  const isEmptyFolder = (path: RelPath) =>
    ![...tree.files.keys(), ...tree.folders].some((each) => each !== path && isAtOrBelow(each, path));

  /** @throws SiteError where the verdict says so; a step that is killed or lost after it was carried out throws as well */
  function carryOut(step: Step, work: () => OperationResult): OperationResult {
    steps.push(step);
    const verdict = judge(step);
    switch (verdict) {
      case "killed-before":
        throw new Killed(step.path);
      case "lost":
      case "silent":
      case "login":
        throw failureOf(verdict, step.path);
      case "refused":
      case "busy":
        return { status: "failed", error: failureOf(verdict, step.path) };
    }
    const result = work();
    afterStep(step);
    if (verdict === "killed-after") throw new Killed(step.path);
    if (verdict === "unanswered") throw failureOf(verdict, step.path);
    return result;
  }

  function change(operation: Operation): OperationResult {
    const { path } = operation;
    const refused: OperationResult = { status: "failed", error: failureOf("refused", path) };
    const hasParent = typeAt(parentOf(path)) === "folder";
    switch (operation.op) {
      case "mkdir":
        if (typeAt(path) === "folder") return { status: "done", note: "existed" };
        if (typeAt(path) === "file" || !hasParent) return refused;
        tree.folders.add(path);
        return { status: "done" };
      case "rename": {
        const { from } = operation;
        if (typeAt(from) === undefined && operation.unsettled && typeAt(path) !== undefined) return { status: "done" };
        if (typeAt(from) !== (operation.isFolder ? "folder" : "file") || typeAt(path) || !hasParent) return refused;
        for (const [each, file] of [...tree.files]) {
          if (!isAtOrBelow(each, from)) continue;
          tree.files.delete(each);
          tree.files.set(path + each.slice(from.length), file);
        }
        for (const each of [...tree.folders]) {
          if (!isAtOrBelow(each, from)) continue;
          tree.folders.delete(each);
          tree.folders.add(path + each.slice(from.length));
        }
        return { status: "done" };
      }
      case "touch": {
        const file = tree.files.get(path);
        if (!file) return refused;
        tree.files.set(path, { ...file, mtimeMs: operation.mtimeMs });
        return { status: "done" };
      }
      case "delete":
        return tree.files.delete(path) ? { status: "done" } : { status: "done", note: "absent" };
      case "rmdir":
        if (typeAt(path) !== "folder") return { status: "done", note: "absent" };
        if (!isEmptyFolder(path)) return { status: "kept" };
        tree.folders.delete(path);
        return { status: "done" };
      default:
        return operation satisfies never;
    }
  }

  async function upload(job: UploadJob) {
    const { path } = job;
    const content = await job.open();
    try {
      const id = `upload-${++uploads}`;
      const folder = parentOf(path);
      job.intend({ id, temporary: `${folder === "" ? "" : `${folder}/`}.miroir-${id}` });
      const buffer = new Uint8Array(content.sizeBytes + 1);
      let sizeBytes = 0;
      for (let length = await content.read(buffer.subarray(sizeBytes)); length > 0; ) {
        sizeBytes += length;
        length = await content.read(buffer.subarray(sizeBytes));
      }
      const bytes = buffer.subarray(0, sizeBytes);
      if (sizeBytes !== content.sizeBytes || !(await content.isUnchanged())) {
        throw new SiteError(`"${path}" changed while it was sent`, { kind: "transient", reason: "changed" });
      }
      const result = carryOut({ op: "upload", path }, () => {
        if (typeAt(parentOf(path)) !== "folder" || typeAt(path) === "folder") {
          return { status: "failed", error: failureOf("refused", path) };
        }
        tree.files.set(path, { content: new TextDecoder().decode(bytes), mtimeMs: content.mtimeMs });
        return { status: "done" };
      });
      if (result.status === "failed") throw result.error;
      const sha1 = createHash("sha1").update(bytes).digest("hex");
      return { id, sizeBytes, mtimeMs: content.mtimeMs, sha1, dated: true, readAtMs: Date.now() };
    } finally {
      await content.close();
    }
  }

  return {
    steps,
    get opened() {
      return opened;
    },
    parallel: 2,
    async prepare() {
      return false;
    },
    async open() {
      opened++;
      const verdict = judge({ op: "open", path: "" });
      if (verdict === "lost" || verdict === "login" || verdict === "busy") throw failureOf(verdict, "");
      return { isNew: false };
    },
    expect() {},
    async list(folder) {
      const verdict = judge({ op: "list", path: folder });
      if (verdict === "lost" || verdict === "busy" || verdict === "refused") throw failureOf(verdict, folder);
      if (typeAt(folder) !== "folder") {
        throw new SiteError(`"${folder}" is missing`, { kind: "permanent", reason: "missing", code: 550 });
      }
      const entries = [...tree.files]
        .filter(([path]) => parentOf(path) === folder)
        .map(([path, { content, mtimeMs }]) => ({
          name: nameOf(path),
          type: "file" as const,
          sizeBytes: Buffer.byteLength(content),
          mtimeMs,
        }));
      const folders = [...tree.folders].filter((path) => parentOf(path) === folder);
      return {
        entries: [...entries, ...folders.map((path) => ({ name: nameOf(path), type: "folder" as const }))],
        complete: true,
      };
    },
    async entry(path) {
      const type = typeAt(path);
      const file = tree.files.get(path);
      if (!type) return undefined;
      return { name: nameOf(path), type, ...(file && { sizeBytes: Buffer.byteLength(file.content) }) };
    },
    async times(paths) {
      return new Map(
        paths.flatMap((path): [RelPath, number][] => {
          const file = tree.files.get(path);
          return file ? [[path, file.mtimeMs]] : [];
        }),
      );
    },
    async perform(operations, report) {
      // As the real one: a refusal is looked into when the window is through.
      const refusals: [Operation, OperationResult][] = [];
      for (const operation of operations) {
        const result = carryOut({ op: operation.op, path: operation.path }, () => change(operation));
        if (result.status === "done") report(operation, result);
        else refusals.push([operation, result]);
      }
      for (const [operation, result] of refusals) report(operation, result);
    },
    upload,
    async uploads(next, report) {
      for (let job = next(); job; job = next()) {
        try {
          report(job, await upload(job));
        } catch (error) {
          if (!(error instanceof Error) || error instanceof Killed) throw error;
          report(job, error);
          if (error instanceof SiteError && (error.reason === "connection" || error.kind === "unknown")) return;
        }
      }
    },
    async recover() {
      return true;
    },
    async probeNames() {
      return { altered: new Set<string>(), foldsCase: false };
    },
    async close() {},
  };
}
