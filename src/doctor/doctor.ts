import { exitOf } from "../mirror/codes.ts";
import { type Account, openSession, type Session } from "../remote/session.ts";
import { SiteError } from "../remote/site.ts";
import { type Connected, examineConnection } from "./connection.ts";
import { cleanUp, createExamination, type Examination } from "./examination.ts";
import { examineFiles, makePlace, skip } from "./file-steps.ts";
import { type Finding, STEPS, type Step, type Tell } from "./finding.ts";
import { examineFolder, examineHidden, examineListing, examineNames, examineSessions, examineSpeed } from "./server.ts";
import { createTranscript, type Transcript } from "./transcript.ts";

export interface DoctorParts {
  account: Account;
  /** As written: absolute with a leading `/`, else relative to the login folder. */
  remoteDir: string;
  connections: number;
  tell: Tell;
  /** Takes secrets out of what servers say. */
  mask(text: string): string;
  /** Unpredictable and never used before: names what is made on the server for a moment. */
  nonce(): string;
  now(): number;
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
  isStopped(): boolean;
  /** Called when somebody wants it to end. */
  onStop(callback: () => void): void;
}

/** How long a server may take over each command of the tidying when somebody waits for the end. */
const TIDY_TIMEOUT_MS = 4000;
const TIDY_TRIES = 4;
const TIDY_AGAIN_MS = 300;

/**
 * Tries a connection step by step, and tells each finding as soon as it is there. Whatever it makes on the server it
 * deletes, however it ends. Nothing is thrown but bugs.
 */
export async function examine(parts: DoctorParts): Promise<Finding[]> {
  const findings: Finding[] = [];
  const tell: Tell = ({ found, server, ...rest }) => {
    if (parts.isStopped() && rest.step !== "cleanup") return;
    const words = server === undefined ? {} : { server: parts.mask(server) };
    const finding: Finding = { ...rest, found: parts.mask(found), ...words };
    findings.push(finding);
    parts.tell(finding);
  };
  const sessions = new Set<Session>();
  parts.onStop(() => {
    for (const session of sessions) session.close();
  });
  const stopped = new Promise<"stopped">((resolve) => parts.onStop(() => resolve("stopped")));
  const connected = await Promise.race([examineConnection(parts.account, parts, tell), stopped]);
  // Nothing was made yet.
  if (connected === "stopped") return findings;
  if (!connected) {
    skipRest(findings, tell, "there is no session");
    return findings;
  }
  sessions.add(connected.session);
  const open = async (transcript: Transcript) => {
    const { timeoutMs } = parts.account;
    const session = await openSession({
      ...parts.account,
      oneByOne: true,
      timeoutMs: parts.isStopped() ? Math.min(TIDY_TIMEOUT_MS, timeoutMs) : timeoutMs,
      transcribe(line) {
        transcript.note(line);
        parts.account.transcribe?.(line);
      },
    });
    sessions.add(session);
    return session;
  };
  const reopen = async () => {
    const transcript = createTranscript();
    return { session: await open(transcript), transcript };
  };
  const examination = createExamination({ ...parts, connected, reopen, timeoutMs: parts.account.timeoutMs, tell });
  try {
    await examineServer(examination, connected, parts, findings, open);
  } catch (error) {
    // A session that cannot be had again, or one that was closed because somebody wants the end.
    if (!(error instanceof SiteError)) throw error;
    const lost = { mark: "problem", code: exitOf(error) } as const;
    if (!parts.isStopped()) skipRest(findings, tell, `the connection was lost (${error.message})`, lost);
  } finally {
    await tidy(examination, parts, tell);
    for (const session of sessions) session.close();
  }
  return findings;
}

async function examineServer(
  examination: Examination,
  { session }: Connected,
  { remoteDir, connections, isStopped }: DoctorParts,
  findings: readonly Finding[],
  open: (transcript: Transcript) => Promise<Session>,
): Promise<void> {
  const steps = [
    () => examineFolder(examination, session, remoteDir),
    async () => void (await examineListing(examination)),
    () => makePlace(examination),
    async () => {
      if (hasFailed(findings, "passive"))
        skip(examination, ["listing", "write", ...AFTER_WRITE], "no data connection opens");
      else await examineFiles(examination);
    },
    async () => {
      const why = whyNoNames(examination, findings);
      if (why !== undefined) return skip(examination, ["hidden", "names"], why);
      await examineHidden(examination);
      await examineNames(examination);
    },
    () => examineSessions(examination, connections, open),
    () => examineSpeed(examination),
  ];
  for (const step of steps) if (!isStopped()) await step();
}

/** Names are tried out by folders in a folder, which only a listing shows, and lets delete for certain. */
function whyNoNames({ place, root }: Examination, findings: readonly Finding[]): string | undefined {
  if (hasFailed(findings, "passive")) return "no data connection opens";
  if (hasFailed(findings, "listing")) return "nothing is listed";
  return place === root ? "no folder could be made" : undefined;
}

const AFTER_WRITE = ["size", "rename", "time", "clock", "delete"] as const;

function hasFailed(findings: readonly Finding[], step: Step): boolean {
  return findings.some((finding) => finding.step === step && finding.mark === "problem");
}

/** A server that counts the session that ended a moment ago is asked again. */
async function tidy(examination: Examination, { sleep }: DoctorParts, tell: Tell): Promise<void> {
  const { files, folders } = examination.made;
  if (files.size + folders.size === 0) return;
  const advice = "Delete it there by hand";
  for (let tries = 1; ; tries++) {
    try {
      const left = await cleanUp(examination);
      if (left.length === 0) tell({ step: "cleanup", mark: "ok", found: "Nothing" });
      else tell({ step: "cleanup", mark: "problem", found: left.join(", "), advice });
      return;
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      if (tries < TIDY_TRIES && error.kind !== "fatal") {
        await sleep(TIDY_AGAIN_MS);
        continue;
      }
      const found = `Perhaps ${[...folders, ...files].join(", ")}: ${error.message}`;
      tell({ step: "cleanup", mark: "problem", found, advice });
      return;
    }
  }
}

/** What was not told yet. @param first what the first of them is, when it is more than skipped */
function skipRest(
  findings: readonly Finding[],
  tell: Tell,
  why: string,
  first: Pick<Finding, "mark" | "code"> = { mark: "skipped" },
): void {
  const told = new Set(findings.map(({ step }) => step));
  const rest = (Object.keys(STEPS) as Step[]).filter((step) => step !== "cleanup" && !told.has(step));
  for (const [index, step] of rest.entries()) {
    tell({ step, found: why, ...(index === 0 ? first : { mark: "skipped" }) });
  }
}
