import { askPort, portOf } from "./data.ts";
import { formatFtpTime, parseSize } from "./features.ts";
import { type Command, isRefusal, type Reply } from "./pipeline.ts";
import { aboutToRename, changeMode, moveIntoPlace } from "./place.ts";
import { type Asking, entryIn, sizeOf } from "./query.ts";
import { checkArrived, type Sent, send } from "./send.ts";
import type { Content, SiteError, Uploaded, UploadJob } from "./site.ts";
import { begin, discard, type UploadTools } from "./temporary.ts";
import { setTime } from "./time.ts";
import { upload } from "./upload.ts";

export type JobReport = (job: UploadJob, result: Uploaded | SiteError | Error) => void;

/** A file whose bytes the server has taken, under its temporary name. */
interface Arrived {
  job: UploadJob;
  content: Content;
  id: string;
  temporary: string;
  sent: Sent;
  readAtMs: number;
}

/** One that has been found whole and dated. */
interface Checked extends Arrived {
  uploaded: Uploaded;
}

/** What is asked about an arrived file, and what for. */
type Question = "size" | "time" | "old" | "new";

/**
 * Uploads one file after the other on one session, in two writes a file: while file k is checked and dated, the data
 * connection of file k+1 is asked for; while k is renamed, k+1 is stored. No STOR follows a refused EPSV, nothing is
 * renamed before its size is known, and each file is reported by itself, those under way when the session ends as well.
 * @param next the next file; undefined when there is none, or none may be begun
 */
export async function uploadTrain(
  asking: Asking,
  next: () => UploadJob | undefined,
  report: JobReport,
  tools: UploadTools,
): Promise<void> {
  const { session, capabilities } = asking;
  let arrived: Arrived | undefined;
  for (;;) {
    const job = session.pipeline.ended ? undefined : next();
    const isDirect = capabilities.size && capabilities.epsv && capabilities.renameOverwrites && !tools.inPlace;
    if (job && (job.unsettled || !isDirect)) {
      if (arrived) await endAlone(asking, arrived, report, tools);
      arrived = undefined;
      await uploadAlone(asking, job, report, tools);
      continue;
    }
    const content = job && (await opened(job, report));
    if (job && !content) continue;
    if (!arrived && !job) return;
    try {
      const { answers, passive } = await checkAndAsk(asking, arrived, job !== undefined, tools);
      const checked = arrived && (await judge(asking, arrived, answers, report, tools));
      const renaming = checked && startRename(asking, checked, tools);
      arrived = job && content && (await sendNext(asking, job, content, passive, report, tools));
      if (checked && renaming) await endRename(asking, checked, renaming, report, tools);
    } catch (error) {
      // The session ended before either file could go a step further.
      if (arrived) await giveUp(arrived.job, arrived.content, error, report);
      if (job && content) await giveUp(job, content, error, report);
      arrived = undefined;
    }
  }
}

async function opened(job: UploadJob, report: JobReport): Promise<Content | undefined> {
  try {
    return await job.open();
  } catch (error) {
    report(job, asError(error));
    return undefined;
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

async function giveUp(job: UploadJob, content: Content, error: unknown, report: JobReport): Promise<void> {
  await content.close();
  report(job, asError(error));
}

async function uploadAlone(asking: Asking, job: UploadJob, report: JobReport, tools: UploadTools): Promise<void> {
  try {
    report(job, await upload(asking, job, tools));
  } catch (error) {
    report(job, await tools.explain(asking, job.path, asError(error)));
  }
}

/** First write: size, time and permissions of the one that arrived, EPSV for the next. @throws SessionEnded */
async function checkAndAsk(
  { session, capabilities }: Asking,
  arrived: Arrived | undefined,
  asksForNext: boolean,
  tools: UploadTools,
): Promise<{ answers: Map<Question, Reply>; passive: Reply | undefined }> {
  const questions: Array<[Question, Command]> = [];
  if (arrived) {
    const target = tools.pathOf(arrived.temporary);
    questions.push(["size", { text: `SIZE ${target}`, expects: [213] }]);
    const time = formatFtpTime(arrived.content.mtimeMs);
    if (time !== undefined && capabilities.setTime !== "none") {
      questions.push(["time", { text: `${capabilities.setTime} ${time} ${target}`, expects: [200, 213, 250, 253] }]);
    }
    if (arrived.job.replaces && capabilities.mlst) {
      questions.push(["old", { text: `MLST ${tools.pathOf(arrived.job.path)}`, expects: [250] }]);
      questions.push(["new", { text: `MLST ${target}`, expects: [250] }]);
    }
  }
  const commands = questions.map(([, command]) => command);
  if (asksForNext) commands.push({ text: "EPSV", expects: [229] });
  const replies = await session.pipeline.exchange(commands);
  const answers = new Map<Question, Reply>();
  for (const [index, [question]] of questions.entries()) {
    const reply = replies[index];
    if (reply) answers.set(question, reply);
  }
  return { answers, passive: replies[questions.length] };
}

/** Whether what arrived may be renamed into place; what may not is reported. */
async function judge(
  asking: Asking,
  arrived: Arrived,
  answers: Map<Question, Reply>,
  report: JobReport,
  tools: UploadTools,
): Promise<Checked | undefined> {
  const { job, content, id, temporary, sent, readAtMs } = arrived;
  const target = tools.pathOf(temporary);
  try {
    const size = answers.get("size");
    const told = size && !isRefusal(size) ? parseSize(size.text) : undefined;
    checkArrived(job, sent, told ?? (await sizeOf(asking, target)));
    const time = answers.get("time");
    const dated = time !== undefined && (!isRefusal(time) || (await setTime(asking, target, content.mtimeMs, tools)));
    await changeMode(asking, target, entryIn(answers.get("old"))?.mode, entryIn(answers.get("new"))?.mode);
    const uploaded = { id, ...sent, mtimeMs: content.mtimeMs, dated, readAtMs };
    aboutToRename(job, temporary, uploaded);
    return { ...arrived, uploaded };
  } catch (error) {
    await discard(asking, job, tools, error);
    await giveUp(job, content, error, report);
    return undefined;
  }
}

/** Second write, first half: the rename. Its replies are looked at after the next file's bytes. */
function startRename({ session }: Asking, { job, temporary }: Checked, tools: UploadTools): Promise<Reply[]> {
  const replies = session.pipeline.exchange([
    { text: `RNFR ${tools.pathOf(temporary)}`, expects: [350] },
    { text: `RNTO ${tools.pathOf(job.path)}`, expects: [200, 226, 250] },
  ]);
  // An early failure is not unhandled: it is looked at later.
  replies.catch(() => {});
  return replies;
}

async function endRename(
  asking: Asking,
  { job, content, temporary, uploaded }: Checked,
  renaming: Promise<Reply[]>,
  report: JobReport,
  tools: UploadTools,
): Promise<void> {
  try {
    const replies = await renaming;
    // A refusal is looked into in peace, as for a file alone.
    if (replies.some(isRefusal)) await moveIntoPlace(asking, job, temporary, uploaded, tools);
  } catch (error) {
    return giveUp(job, content, error, report);
  }
  delete job.unsettled;
  await content.close();
  report(job, uploaded);
}

/** Second write, second half: STOR of the next file, its data connection opening meanwhile. */
async function sendNext(
  asking: Asking,
  job: UploadJob,
  content: Content,
  passive: Reply | undefined,
  report: JobReport,
  tools: UploadTools,
): Promise<Arrived | undefined> {
  const { session, capabilities, timeoutMs } = asking;
  try {
    const port = portOf(passive);
    const { id, temporary } = begin(job, content, tools);
    const readAtMs = tools.now();
    const options = { offsetBytes: 0, timeoutMs, admit: tools.admit };
    const sent = await send(
      session,
      () => port ?? askPort(session, capabilities),
      job,
      content,
      tools.pathOf(temporary),
      options,
    );
    return { job, content, id, temporary, sent, readAtMs };
  } catch (error) {
    await discard(asking, job, tools, error);
    await giveUp(job, content, await tools.explain(asking, job.path, asError(error)), report);
    return undefined;
  }
}

/** Brings the one that arrived to its end, without a next. */
async function endAlone(asking: Asking, arrived: Arrived, report: JobReport, tools: UploadTools): Promise<void> {
  let answers: Map<Question, Reply>;
  try {
    ({ answers } = await checkAndAsk(asking, arrived, false, tools));
  } catch (error) {
    return giveUp(arrived.job, arrived.content, error, report);
  }
  const checked = await judge(asking, arrived, answers, report, tools);
  if (checked) await endRename(asking, checked, startRename(asking, checked, tools), report, tools);
}
