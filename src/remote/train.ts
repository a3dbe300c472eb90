import { uploadAhead } from "./ahead.ts";
import {
  type Answers,
  type Arrived,
  answersTo,
  asError,
  type Begun,
  beginUnder,
  failed,
  giveUp,
  type JobReport,
  judge,
  noteRename,
  questionsAbout,
  startRename,
} from "./arrival.ts";
import { askPort, type DataWay, portOf, wayTo } from "./data.ts";
import type { Reply } from "./pipeline.ts";
import type { Asking } from "./query.ts";
import { createRow, type Row } from "./row.ts";
import { send } from "./send.ts";
import type { Session } from "./session.ts";
import type { UploadJob } from "./site.ts";
import type { UploadTools } from "./temporary.ts";
import { startTransfer } from "./transfer.ts";
import { upload } from "./upload.ts";

/**
 * Uploads on one session, in rows where that is possible. Each file is reported by itself, those under way when the
 * session ends as well.
 * @param next the next file; undefined when there is none, or none may be begun
 */
export async function uploadTrain(
  asking: Asking,
  next: () => UploadJob | undefined,
  report: JobReport,
  tools: UploadTools,
): Promise<void> {
  for (;;) {
    const job = asking.session.pipeline.ended ? undefined : next();
    if (!job) return;
    const row = createRow(asking, job, next, report, tools);
    const uploadRow = asking.capabilities.storesAhead === "no" ? uploadInTwo : uploadAhead;
    await uploadRow(asking, row, report, tools);
    if (row.stray) await uploadAlone(asking, row.stray, report, tools);
  }
}

async function uploadAlone(asking: Asking, job: UploadJob, report: JobReport, tools: UploadTools): Promise<void> {
  try {
    report(job, await upload(asking, job, tools));
  } catch (error) {
    report(job, await tools.explain(asking, job.path, asError(error)));
  }
}

/**
 * A row in two writes a file: while file k is checked and dated, the data connection of file k+1 is asked for; while k
 * is renamed, k+1 is stored. No STOR follows a refused EPSV, and nothing is renamed before its size is known.
 */
async function uploadInTwo(asking: Asking, row: Row, report: JobReport, tools: UploadTools): Promise<void> {
  let arrived: Arrived | undefined;
  for (;;) {
    const coming = await row.take();
    if (!coming && !arrived) return;
    try {
      const ready = coming && asking.session.ready?.take();
      const { answers, passive } = await checkAndAsk(asking, arrived, coming !== undefined && !ready, tools);
      const checked = arrived && (await judge(asking, arrived, answers, report, tools));
      // All intents before the first command: one write to the journal serves them all.
      const begun = coming && beginUnder(coming, asking, tools);
      const { renaming, sending } = asking.session.pipeline.together(() => ({
        renaming: checked && startRename(asking, checked, tools),
        sending: begun && sendNext(asking, begun, ready ?? passive, report, tools),
      }));
      // As soon as it is there, not only after the next file's bytes.
      const noting = checked && renaming && noteRename(asking, checked, renaming, report, tools);
      noting?.catch(() => {});
      arrived = await sending;
      await (await noting)?.();
    } catch (error) {
      // The session ended before either file could go a step further.
      if (arrived) await giveUp(arrived, error, report);
      if (coming) await giveUp(coming, error, report);
      arrived = undefined;
    }
  }
}

/** First write: size, time and permissions of the one that arrived, EPSV for the next. @throws SessionEnded */
async function checkAndAsk(
  asking: Asking,
  arrived: Arrived | undefined,
  asksForNext: boolean,
  tools: UploadTools,
): Promise<{ answers: Answers; passive: Reply | undefined }> {
  const questions = arrived ? questionsAbout(arrived, asking, tools) : [];
  const commands = questions.map(([, command]) => command);
  if (asksForNext) commands.push({ text: "EPSV", expects: [229] });
  const replies = await asking.session.pipeline.exchange(commands);
  return { answers: answersTo(questions, replies), passive: replies[questions.length] };
}

/**
 * Second write: STOR of the next file, its data connection opening meanwhile.
 * @param passive the reply to EPSV, or a data connection that needed none
 */
async function sendNext(
  asking: Asking,
  begun: Begun,
  passive: Reply | DataWay | undefined,
  report: JobReport,
  tools: UploadTools,
): Promise<Arrived | undefined> {
  const { session, capabilities, timeoutMs } = asking;
  const { job, content, shortcuts } = begun;
  const way = passive && "open" in passive ? passive : wayIn(session, passive);
  shortcuts.isReady = way?.isReady === true;
  const start = (each: DataWay) => ({
    transfer: startTransfer(session, `STOR ${tools.pathOf(begun.temporary)}`),
    data: each.open(),
    isEarly: shortcuts.isEarly,
  });
  try {
    const storing = () =>
      way ? start(way) : askPort(session, capabilities).then((port) => start(wayTo(session, port)));
    const options = { offsetBytes: 0, timeoutMs, admit: tools.admit };
    return { ...begun, sent: await send(session, storing, job, content, options) };
  } catch (error) {
    await failed(asking, begun, error, report, tools);
    return undefined;
  }
}

function wayIn(session: Session, passive: Reply | undefined): DataWay | undefined {
  const port = portOf(passive);
  return port === undefined ? undefined : wayTo(session, port);
}
