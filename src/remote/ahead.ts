import {
  type Answers,
  type Arrived,
  answersTo,
  asError,
  type Begun,
  beginUnder,
  type Checked,
  checkedSound,
  failed,
  giveUp,
  isSound,
  type JobReport,
  judge,
  noteRename,
  questionsAbout,
  startRename,
} from "./arrival.ts";
import { askExtendedPort, type DataWay, wayTo } from "./data.ts";
import type { Shortcuts } from "./early.ts";
import type { Reply, Transfer } from "./pipeline.ts";
import type { Asking } from "./query.ts";
import type { Opened, Row } from "./row.ts";
import { send } from "./send.ts";
import { SiteError } from "./site.ts";
import type { UploadTools } from "./temporary.ts";
import { startTransfer } from "./transfer.ts";

/** A file whose STOR is with the server, behind the EPSV it may need, and with the questions about it behind it. */
interface Queued extends Begun {
  way: Promise<DataWay>;
  transfer: Transfer;
  answers: Promise<Answers>;
}

const NONE: Shortcuts = { isReady: false, isEarly: false };
const LARGE_BYTES = 256 * 1024;

/** Replies that say that a STOR does not come at a good moment. */
const ILL_TIMED = [425, 426, 450, 451, 500, 501, 502, 503, 504];

/**
 * A row in one write a file, for servers that take commands while they are still receiving: while the bytes of file k
 * go out, k-1 is renamed, and k+1 is asked for, with the questions about it. As long as a STOR is with the server no
 * answer can be waited for but those already due, so what is not in order waits until none is.
 */
export async function uploadAhead(asking: Asking, row: Row, report: JobReport, tools: UploadTools): Promise<void> {
  const { session, capabilities, timeoutMs } = asking;
  /** What needs a talk with the server. */
  const troubles: Array<() => Promise<void>> = [];
  let running: Queued | undefined;
  let checked: Checked | undefined;
  /** A large file behind which others would wait for their rename: it begins when none is under way. */
  let held: Opened | undefined;
  /** Why files failed is known: no other cause is looked for. */
  let isExplained = false;

  function queue(begun: Begun): Queued {
    const ready = session.ready?.take();
    begun.shortcuts.isReady = ready !== undefined;
    const way = ready ? Promise.resolve(ready) : askExtendedPort(session).then((port) => wayTo(session, port));
    const transfer = startTransfer(session, `STOR ${tools.pathOf(begun.temporary)}`);
    const questions = questionsAbout(begun, asking, tools);
    const replies = session.pipeline.exchange(questions.map(([, command]) => command));
    const answers = replies.then((each) => answersTo(questions, each));
    // Looked at later.
    for (const each of [way, answers]) each.catch(() => {});
    return { ...begun, way, transfer, answers };
  }

  async function deliver({ transfer, way, answers: _, ...begun }: Queued): Promise<Arrived> {
    const { isEarly } = begun.shortcuts;
    const storing = { transfer, data: way.then((each) => each.open()), isEarly };
    const options = { offsetBytes: 0, timeoutMs, admit: tools.admit };
    return { ...begun, sent: await send(session, () => storing, begun.job, begun.content, options) };
  }

  /** The guess was wrong: two writes a file from now on. */
  function distrust(error: Error): void {
    if (capabilities.storesAhead !== "perhaps") return;
    isExplained = true;
    capabilities.storesAhead = "no";
    tools.degrade(
      `The server does not take a file while it is still receiving another (${error.message}): it is asked later`,
    );
  }

  async function place(which: Checked, renaming: Promise<Reply[]>): Promise<void> {
    const refused = await noteRename(asking, which, renaming, report, tools);
    if (refused) troubles.push(refused);
  }

  /** @returns the file, when it is in order */
  async function arrive(queued: Queued, isAhead: boolean): Promise<Checked | undefined> {
    let arrived: Arrived;
    try {
      arrived = await deliver(queued);
      if (isAhead && capabilities.storesAhead === "perhaps") capabilities.storesAhead = "yes";
    } catch (error) {
      const isIllTimed = error instanceof SiteError && error.code !== undefined && ILL_TIMED.includes(error.code);
      if (isAhead && (isIllTimed || session.pipeline.ended)) distrust(asError(error));
      // Nobody knows what became of questions about a file that is not there.
      troubles.push(() => failed(asking, isExplained ? { ...queued, shortcuts: NONE } : queued, error, report, tools));
      return undefined;
    }
    let answers: Answers;
    try {
      answers = await queued.answers;
    } catch (error) {
      await giveUp(queued, error, report);
      return undefined;
    }
    if (isSound(arrived, answers, asking)) return checkedSound(asking, arrived, answers);
    troubles.push(async () => {
      const judged = await judge(asking, arrived, answers, report, tools);
      if (judged) await place(judged, startRename(asking, judged, tools));
    });
    return undefined;
  }

  /** The next to stand behind the one that runs. */
  async function takeNext(): Promise<Opened | undefined> {
    if (held || troubles.length > 0 || capabilities.storesAhead === "no") return undefined;
    const next = await row.take();
    if (!next || next.content.sizeBytes <= LARGE_BYTES) return next;
    held = next;
    return undefined;
  }

  async function goOn(): Promise<void> {
    for (;;) {
      let first: Opened | undefined;
      if (!running && !checked) {
        for (let trouble = troubles.shift(); trouble; trouble = troubles.shift()) await trouble();
        first = held ?? (await row.take());
        held = undefined;
        if (!first) return;
      }
      const coming = running || first ? await takeNext() : undefined;
      const before = { running, checked };
      // All intents before the first command: one write to the journal serves them all.
      const begun = first && beginUnder(first, asking, tools);
      const next = coming && beginUnder(coming, asking, tools);
      const written = session.pipeline.together(() => {
        const runs = before.running ?? (begun && queue(begun));
        const renaming = before.checked && startRename(asking, before.checked, tools);
        return { runs, renaming, queued: next && queue(next) };
      });
      const placing = before.checked && written.renaming && place(before.checked, written.renaming);
      placing?.catch(() => {});
      running = written.queued;
      checked = written.runs && (await arrive(written.runs, before.running !== undefined));
      await placing;
      if (running && session.pipeline.ended) distrust(session.pipeline.ended);
    }
  }

  try {
    await goOn();
  } catch (error) {
    // What was reported could not be noted: nothing may be left to come on the session.
    session.pipeline.end(asError(error));
    throw error;
  }
}
