import { blame, goesEarly, praise, type Shortcuts } from "./early.ts";
import { formatFtpTime, parseSize } from "./features.ts";
import { type Command, isRefusal, type Reply } from "./pipeline.ts";
import { aboutToRename, changeMode, moveIntoPlace } from "./place.ts";
import { type Asking, entryIn, sizeOf } from "./query.ts";
import type { Opened } from "./row.ts";
import { checkArrived, type Sent } from "./send.ts";
import type { Content, SiteError, Uploaded, UploadJob } from "./site.ts";
import { begin, discard, type UploadTools } from "./temporary.ts";
import { setTime } from "./time.ts";

export type JobReport = (job: UploadJob, result: Uploaded | SiteError | Error) => void;

/** A file that was begun under its temporary name. */
export interface Begun {
  job: UploadJob;
  content: Content;
  id: string;
  temporary: string;
  readAtMs: number;
  shortcuts: Shortcuts;
}

/** Begins a file: the journal knows its temporary name from here on. */
export function beginUnder({ job, content }: Opened, asking: Asking, tools: UploadTools): Begun {
  const shortcuts = { isReady: false, isEarly: goesEarly(asking, content) };
  return { job, content, ...begin(job, content, tools), readAtMs: tools.now(), shortcuts };
}

/** One whose bytes the server has taken. */
export interface Arrived extends Begun {
  sent: Sent;
}

/** One that has been found whole and dated. */
export interface Checked extends Arrived {
  uploaded: Uploaded;
}

/** What is asked about a file that is under its temporary name, and what for. */
export type Question = "size" | "time" | "old" | "new";

export type Answers = Map<Question, Reply>;

/** Size, time, and the permissions of the file that is replaced. */
export function questionsAbout(begun: Begun, { capabilities }: Asking, tools: UploadTools): [Question, Command][] {
  const questions: [Question, Command][] = [];
  const target = tools.pathOf(begun.temporary);
  questions.push(["size", { text: `SIZE ${target}`, expects: [213] }]);
  const time = formatFtpTime(begun.content.mtimeMs);
  if (time !== undefined && capabilities.setTime !== "none") {
    questions.push(["time", { text: `${capabilities.setTime} ${time} ${target}`, expects: [200, 213, 250, 253] }]);
  }
  if (begun.job.replaces && capabilities.mlst) {
    questions.push(["old", { text: `MLST ${tools.pathOf(begun.job.path)}`, expects: [250] }]);
    questions.push(["new", { text: `MLST ${target}`, expects: [250] }]);
  }
  return questions;
}

export function answersTo(questions: readonly [Question, Command][], replies: readonly Reply[]): Answers {
  const answers: Answers = new Map();
  for (const [index, [question]] of questions.entries()) {
    const reply = replies[index];
    if (reply) answers.set(question, reply);
  }
  return answers;
}

/** Whether an arrived file may be renamed as it is, without another word with the server. */
export function isSound({ sent, content }: Arrived, answers: Answers, { capabilities }: Asking): boolean {
  const size = answers.get("size");
  if (!size || isRefusal(size) || parseSize(size.text) !== sent.sizeBytes) return false;
  const time = answers.get("time");
  const isDated = time ? !isRefusal(time) : capabilities.setTime === "none" || !formatFtpTime(content.mtimeMs);
  const old = entryIn(answers.get("old"))?.mode;
  return isDated && (old === undefined || old === entryIn(answers.get("new"))?.mode);
}

/** Marks a sound file as one that is about to be renamed. */
export function checkedSound(asking: Asking, arrived: Arrived, answers: Answers): Checked {
  return checkedAs(asking, arrived, answers.has("time"));
}

function checkedAs(asking: Asking, arrived: Arrived, dated: boolean): Checked {
  praise(asking, arrived.shortcuts);
  const { job, content, id, temporary, sent, readAtMs } = arrived;
  const uploaded = { id, ...sent, mtimeMs: content.mtimeMs, dated, readAtMs };
  aboutToRename(job, temporary, uploaded);
  return { ...arrived, uploaded };
}

/** Whether what arrived may be renamed into place, whatever has to be asked for that; what may not is reported. */
export async function judge(
  asking: Asking,
  arrived: Arrived,
  answers: Answers,
  report: JobReport,
  tools: UploadTools,
): Promise<Checked | undefined> {
  if (isSound(arrived, answers, asking)) return checkedSound(asking, arrived, answers);
  const { job, content, temporary, sent } = arrived;
  const target = tools.pathOf(temporary);
  try {
    const size = answers.get("size");
    const told = size && !isRefusal(size) ? parseSize(size.text) : undefined;
    checkArrived(job, sent, told ?? (await sizeOf(asking, target)));
    const time = answers.get("time");
    const dated = time !== undefined && (!isRefusal(time) || (await setTime(asking, target, content.mtimeMs, tools)));
    await changeMode(asking, target, entryIn(answers.get("old"))?.mode, entryIn(answers.get("new"))?.mode);
    return checkedAs(asking, arrived, dated);
  } catch (error) {
    blame(asking, arrived.shortcuts, error, tools);
    await discard(asking, job, tools, error);
    await giveUp(arrived, error, report);
    return undefined;
  }
}

/** Asks for the rename. Its replies may be looked at later. */
export function startRename({ session }: Asking, { job, temporary }: Checked, tools: UploadTools): Promise<Reply[]> {
  const replies = session.pipeline.exchange([
    { text: `RNFR ${tools.pathOf(temporary)}`, expects: [350] },
    { text: `RNTO ${tools.pathOf(job.path)}`, expects: [200, 226, 250] },
  ]);
  // An early failure is not unhandled: it is looked at later.
  replies.catch(() => {});
  return replies;
}

/**
 * Reports a file as soon as the server has said that it stands under its name.
 * @returns what is left to do about a refusal: it is looked into in peace, as for a file alone
 */
export async function noteRename(
  asking: Asking,
  checked: Checked,
  renaming: Promise<Reply[]>,
  report: JobReport,
  tools: UploadTools,
): Promise<(() => Promise<void>) | undefined> {
  const { job, temporary, uploaded } = checked;
  const place = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      return giveUp(checked, error, report);
    }
    delete job.unsettled;
    await checked.content.close();
    report(job, uploaded);
  };
  const replies = await renaming.catch(() => []);
  if (replies.some(isRefusal)) return () => place(moveIntoPlace(asking, job, temporary, uploaded, tools));
  await place(renaming);
  return undefined;
}

export const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

export async function giveUp(
  { job, content }: { job: UploadJob; content: Content },
  error: unknown,
  report: JobReport,
): Promise<void> {
  await content.close();
  report(job, asError(error));
}

/** Deletes what is left of a file that did not arrive, and reports what that really means. */
export async function failed(asking: Asking, begun: Begun, error: unknown, report: JobReport, tools: UploadTools) {
  blame(asking, begun.shortcuts, error, tools);
  await discard(asking, begun.job, tools, error);
  await giveUp(begun, await tools.explain(asking, begun.job.path, asError(error)), report);
}
