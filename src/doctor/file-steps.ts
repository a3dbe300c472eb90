import { isRefusal, type Reply } from "../remote/pipeline.ts";
import { rename } from "../remote/place.ts";
import { ask, entryOf, sizeOf, timesOf } from "../remote/query.ts";
import { readBack } from "../remote/read-back.ts";
import { SiteError } from "../remote/site.ts";
import { storeBytes } from "../remote/specimen.ts";
import { setTime } from "../remote/time.ts";
import { type Examination, trying } from "./examination.ts";
import type { Step } from "./finding.ts";

/** Line ends of every kind, a zero, bytes that are no text: what a server that meddles with contents would alter. */
const BYTES = Buffer.from(`one\ntwo\r\nthree\rfour\0\x1a\xff\xfe${"x".repeat(200)}`, "latin1");
/** Long ago, so that no server comes to it by itself. */
const TIME_MS = Date.UTC(2001, 1, 3, 4, 5, 6);
const SAME_TIME_MS = 2000;

/** The folder to try things out in; without one, the remote folder itself. */
export async function makePlace(examination: Examination): Promise<void> {
  const { root, tell } = examination;
  examination.place = root;
  const advice = "miroir makes folders: the account needs the right to";
  await trying(examination, "folders", advice, async () => {
    const asking = await examination.asking();
    const folder = examination.temporary("folders");
    const reply = await ask(asking, `MKD ${folder}`, [257, 250, 200]);
    if (isRefusal(reply)) {
      return tell({ step: "folders", mark: "problem", found: "No folder can be made", server: reply.text, advice });
    }
    examination.place = folder;
    tell({ step: "folders", mark: "ok", found: "A folder can be made" });
  });
}

/** Writes a file and tries all that is done with one. */
export async function examineFiles(examination: Examination): Promise<void> {
  const file = await examineWrite(examination);
  if (file === undefined) {
    skip(examination, ["size", "rename", "time", "clock", "delete"], "no file could be written");
    return;
  }
  await examineSize(examination, file);
  await examineClock(examination, file);
  await examineTime(examination, file);
  await examineDelete(examination, await examineRename(examination, file));
}

export function skip({ tell }: Examination, steps: readonly Step[], why: string): void {
  for (const step of steps) tell({ step, mark: "skipped", found: why });
}

/** @returns the path of the file that was written */
async function examineWrite(examination: Examination): Promise<string | undefined> {
  const { tell } = examination;
  return trying(examination, "write", "The connection did not hold while a file was sent: try again", async () => {
    const path = examination.temporary("files");
    const { reply, whole, broken } = await storeBytes(await examination.asking(), path, BYTES);
    if (isRefusal(reply)) {
      const found = "No file can be stored";
      tell({
        step: "write",
        mark: "problem",
        found,
        server: reply.text,
        advice: writeAdvice(reply, examination.place !== examination.root),
      });
      return undefined;
    }
    if (!whole) {
      const found = `A file broke off while it was sent: ${broken?.message ?? "the server ended it early"}`;
      const advice = "Something on the way cuts connections: a firewall, or TLS on the server that is not set up right";
      tell({ step: "write", mark: "problem", found, server: reply.text, advice });
      return undefined;
    }
    tell({ step: "write", mark: "ok", found: `A file can be stored in ${examination.root || "/"}` });
    return path;
  });
}

/** @param mayWrite a folder could be made there, so that it is not the right to write that lacks */
function writeAdvice({ code, text }: Reply, mayWrite: boolean): string {
  if (code === 452 || code === 552 || /quota|space/i.test(text))
    return "Free space on the server, or have the quota raised";
  if (code === 553 && mayWrite)
    return "The server does not take the name: miroir writes under names like .miroir-0123, which it must allow";
  if (code === 522 || /tls|ssl|session reuse/i.test(text))
    return "The server wants the TLS session of the login reused on data connections, and did not see it";
  return "Check that the account may write in this folder, and that the folder in SITE is the right one";
}

async function examineSize(examination: Examination, file: string): Promise<void> {
  const { tell } = examination;
  await trying(
    examination,
    "size",
    "Without a certain size miroir cannot tell whether a file arrived whole",
    async () => {
      const asking = await examination.asking();
      const size = await sizeOf(asking, file);
      if (size === "unknown") {
        const found = "The server tells no sizes";
        const advice = "miroir then trusts the server's word that a file arrived whole";
        return tell({ step: "size", mark: "warning", found, advice });
      }
      if (size !== BYTES.length) {
        const found = `${BYTES.length} bytes were sent, and the server holds ${size === undefined ? "none" : size}`;
        const advice =
          "The server alters what it stores (line ends?), or the disk is full: no file can be mirrored like this";
        return tell({ step: "size", mark: "problem", found, advice });
      }
      try {
        await readBack(asking, file, size);
        tell({ step: "size", mark: "ok", found: "The size is told, and what was sent comes back" });
      } catch (error) {
        if (!(error instanceof SiteError)) throw error;
        const advice = "Only check --checksum reads files back";
        tell({
          step: "size",
          mark: "warning",
          found: "The size is told, but the file does not come back",
          server: error.message,
          advice,
        });
      }
    },
  );
}

async function examineClock(examination: Examination, file: string): Promise<void> {
  const { tell, now } = examination;
  await trying(examination, "clock", "It makes no difference to miroir", async () => {
    const asking = await examination.asking();
    const [time] = await timesOf(asking, [file]);
    if (time === undefined) return tell({ step: "clock", mark: "skipped", found: "the server tells no file times" });
    const ahead = Math.round((time - now()) / 1000);
    if (Math.abs(ahead) <= 5)
      return tell({ step: "clock", mark: "ok", found: "The server's clock agrees with this one" });
    const found = `The server's clock is ${durationShown(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this one`;
    const advice =
      asking.capabilities.setTime === "none"
        ? "Files on it bear wrong times: have its clock or its time zone set"
        : "miroir sets file times itself and does not rely on it";
    tell({ step: "clock", mark: "warning", found, advice });
  });
}

function durationShown(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 360) / 10} h`;
}

async function examineTime(examination: Examination, file: string): Promise<void> {
  const { tell } = examination;
  await trying(examination, "time", "Files on the server bear the time of their upload", async () => {
    const asking = await examination.asking();
    let refusal: string | undefined;
    const isSet = await setTime(asking, file, TIME_MS, {
      degrade: (lack) => {
        refusal = lack;
      },
    });
    if (!isSet) {
      const advice =
        "miroir knows by its own records what changed; only a first run cannot tell equal files by their time: --adopt size helps there";
      return tell({
        step: "time",
        mark: "warning",
        found: "The server sets no file times",
        server: /"(.*)"/.exec(refusal ?? "")?.[1],
        advice,
      });
    }
    const [time] = await timesOf(asking, [file]);
    if (time === undefined || Math.abs(time - TIME_MS) <= SAME_TIME_MS) {
      return tell({ step: "time", mark: "ok", found: `File times are set, by ${asking.capabilities.setTime}` });
    }
    const found = `A file time that was set comes back ${durationShown(Math.abs(time - TIME_MS) / 1000)} off`;
    const advice = "The server takes times in its own zone: have it use UTC, or run first mirrors with --adopt size";
    tell({ step: "time", mark: "warning", found, advice });
  });
}

/** A rename, and one over a file that is there. @returns where the file is now */
async function examineRename(examination: Examination, file: string): Promise<string> {
  const { tell } = examination;
  const advice = "Without a rename no file can be put into place: use --in-place, and visitors may see half a file";
  const moved = await trying(examination, "rename", advice, async () => {
    const asking = await examination.asking();
    const renamed = examination.temporary("files");
    const plain = await rename(asking, file, renamed);
    if (isRefusal(plain)) {
      tell({ step: "rename", mark: "problem", found: "No file can be renamed", server: plain.text, advice });
      return file;
    }
    const existing = examination.temporary("files");
    const { reply } = await storeBytes(asking, existing, BYTES);
    if (isRefusal(reply)) {
      tell({
        step: "rename",
        mark: "skipped",
        found: "a second file could not be stored",
        server: reply.text,
      });
      return renamed;
    }
    const over = await rename(asking, renamed, existing);
    if (isRefusal(over)) {
      const way =
        "miroir sets the old file aside first, so that it is absent for a moment; --in-place writes over it instead";
      tell({
        step: "rename",
        mark: "warning",
        found: "No rename over a file that is there",
        server: over.text,
        advice: way,
      });
      return renamed;
    }
    if ((await entryOf(asking, renamed)) !== undefined) {
      tell({
        step: "rename",
        mark: "problem",
        found: "A renamed file is still there under its old name",
        server: over.text,
        advice,
      });
      return renamed;
    }
    tell({ step: "rename", mark: "ok", found: "A file can be renamed, also over another" });
    return existing;
  });
  return moved ?? file;
}

async function examineDelete(examination: Examination, file: string): Promise<void> {
  const { tell } = examination;
  const advice = "miroir cannot delete what is gone here, nor its temporary files: the account needs the right to";
  await trying(examination, "delete", advice, async () => {
    const asking = await examination.asking();
    const reply = await ask(asking, `DELE ${file}`, [200, 250]);
    if (isRefusal(reply))
      return tell({ step: "delete", mark: "problem", found: "No file can be deleted", server: reply.text, advice });
    tell({ step: "delete", mark: "ok", found: "A file can be deleted" });
  });
}
