import { remotePath, remoteRoot } from "../remote/paths.ts";
import { probeNames } from "../remote/probe.ts";
import { ask, entryOf, list } from "../remote/query.ts";
import type { Session } from "../remote/session.ts";
import { type Listing, SiteError } from "../remote/site.ts";
import { inTurn } from "../remote/writes.ts";
import { type Examination, problem, trying } from "./examination.ts";
import { createTranscript, type Transcript } from "./transcript.ts";

/** What names commonly hold; each is tried by itself. */
const TRAITS = [
  ...["A", "é", "e\u0301", "网", "😀", "–", " ", "space at the start", "space at the end", "dot at the end"],
  ...["'", '"', "&", "%", "#", "+", ",", ";", "=", "@", "!", "$", "(", "[", "{", "~", "^", "`"],
  ...[":", "*", "?", "<", ">", "|", "\\"],
];
const ROUND_TRIPS = 5;
const SLOW_MS = 300;

/** The remote folder, or where it would be made. */
export async function examineFolder(examination: Examination, session: Session, remoteDir: string): Promise<void> {
  const wanted = remoteRoot(session.loginFolder, remoteDir);
  examination.root = wanted;
  const { tell } = examination;
  const advice = "Check the folder in SITE: /DIR starts at the login folder, //DIR at the server's root";
  await trying(examination, "folder", advice, async () => {
    const asking = await examination.asking();
    for (let path = wanted; ; path = path.slice(0, Math.max(0, path.lastIndexOf("/")))) {
      const isRoot = path === "" || path === ".";
      const entry = isRoot ? undefined : await entryOf(asking, path);
      if (!isRoot && entry === undefined) continue;
      examination.root = path;
      const shown = wanted === "" ? "/" : wanted;
      if (entry !== undefined && entry.type !== "folder") {
        examination.root = path.slice(0, Math.max(0, path.lastIndexOf("/")));
        return tell({ step: "folder", mark: "problem", found: `"${path}" is not a folder`, advice });
      }
      if (path === wanted) return tell({ step: "folder", mark: "ok", found: `${shown} is there` });
      const found = `${shown} is not there yet. The rest is tried in ${path === "" ? "/" : path}`;
      return tell({ step: "folder", mark: "warning", found, advice: "The first pass makes it" });
    }
  });
}

/** A listing is the first thing that needs a data connection: it shows both. @returns the listing of the remote folder */
export async function examineListing(examination: Examination): Promise<Listing | undefined> {
  const { tell, transcript, root } = examination;
  let listing: Listing;
  const asking = await examination.asking();
  try {
    listing = await list(asking, remotePath(root, ""));
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    const isListing = ["MLSD", "LIST", "CWD"].includes(transcript.lastVerb ?? "") && !isUnreachable(error);
    const verdict = isListing ? transcript.replyTo(transcript.lastVerb ?? "") : transcript.replyTo("MLSD", "LIST");
    const server = isListing || verdict?.startsWith("425") ? verdict : transcript.replyTo("EPSV", "PASV");
    if (isListing) {
      const advice = "The account may not look into the folder, or something on the way cuts the data connection";
      tell({ ...problem("listing", error, advice), server });
      return undefined;
    }
    const advice = `Passive ports: ${await passiveAdvice(examination)}`;
    // The rest of the message is about ports in general.
    const [found = error.message] = error.message.split(". ");
    tell({ step: "passive", mark: "problem", found, server, advice });
    return undefined;
  }
  const how = asking.capabilities.epsv ? "EPSV" : "PASV";
  const foreign = await wrongAddress(examination);
  if (foreign !== undefined && how === "EPSV") {
    const found = `A data connection opens, by ${how}; PASV names ${foreign}, which is not the address of the server`;
    const advice = "miroir does not mind, other programs do: set the external address on the server (NAT)";
    tell({ step: "passive", mark: "warning", found, advice });
  } else
    tell({ step: "passive", mark: "ok", found: `A data connection opens, by ${how}`, server: transcript.replyTo(how) });
  tellListing(examination, listing, asking.capabilities.mlsd);
  return listing;
}

/** Whether it comes of a data connection that did not open. */
function isUnreachable(error: unknown): boolean {
  for (let at = error; at instanceof SiteError; at = at.cause) if (at.reason === "unreachable") return true;
  return false;
}

function tellListing({ tell, transcript }: Examination, { entries, complete }: Listing, isMachine: boolean): void {
  const amount = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
  const found = `${amount}, by ${isMachine ? "MLSD" : "LIST"}`;
  if (!complete) {
    const advice = "miroir asks by name for what a listing does not show. Have the server's limit raised";
    const server = transcript.replyTo("MLSD", "LIST");
    return tell({
      step: "listing",
      mark: "warning",
      found: `${found}, and the list is cut short or not understood`,
      server,
      advice,
    });
  }
  if (isMachine) return tell({ step: "listing", mark: "ok", found });
  const advice = "LIST has no exact times: miroir asks for each by MDTM where it needs one";
  tell({ step: "listing", mark: "warning", found: `${found}; the server has no MLSD`, advice });
}

async function passiveAdvice(examination: Examination): Promise<string> {
  const foreign = await wrongAddress(examination).catch(() => undefined);
  const general = "open them in the server's firewall, and forward them where the server is behind a router";
  if (foreign === undefined) return general;
  return `${general}. The server believes to be ${foreign} (NAT): give it its external address`;
}

/** The address that PASV names, where it is not the one that was connected to (RFC 959 §4.1.2). */
async function wrongAddress(examination: Examination): Promise<string | undefined> {
  if (!/^[\d.]+$/.test(examination.address)) return undefined;
  const { text } = await ask(await examination.asking(), "PASV", [227]);
  const numbers = /^227 .*?(\d+),(\d+),(\d+),(\d+),\d+,\d+/.exec(text)?.slice(1).join(".");
  return numbers === examination.address ? undefined : numbers;
}

/** Whether a listing shows our own temporary folder, whose name begins with a dot. */
export async function examineHidden(examination: Examination): Promise<void> {
  const { tell, root, place } = examination;
  await trying(examination, "hidden", undefined, async () => {
    const { entries } = await list(await examination.asking(), remotePath(root, ""));
    const name = place.slice(place.lastIndexOf("/") + 1);
    if (entries.some((entry) => entry.name === name)) {
      return tell({ step: "hidden", mark: "ok", found: "Names that begin with a dot are listed" });
    }
    const found = "Names that begin with a dot are not listed";
    const advice = "miroir asks for such files by name. With --delete all, foreign ones stay unseen";
    tell({ step: "hidden", mark: "warning", found, advice });
  });
}

/** What the server makes of letter cases, foreign letters and punctuation. */
export async function examineNames(examination: Examination): Promise<void> {
  const { tell } = examination;
  await trying(
    examination,
    "names",
    "Without a folder of its own miroir cannot try names out: it sends them as they are",
    async () => {
      const folder = examination.temporary("folders");
      const { altered, refused, foldsCase } = await probeNames(await examination.asking(), folder, TRAITS, inTurn);
      if (altered.size + (refused?.size ?? 0) === 0 && !foldsCase) {
        return tell({ step: "names", mark: "ok", found: "Letter case, foreign letters and punctuation are kept" });
      }
      const found = [
        ...(foldsCase ? ["a and A are one name"] : []),
        ...(altered.size > 0 ? [`names with ${shown(altered)} are stored otherwise`] : []),
        ...(refused && refused.size > 0 ? [`names with ${shown(refused)} are refused`] : []),
      ].join("; ");
      const advice = "miroir reports files with such names and does not send them: rename them here";
      tell({ step: "names", mark: "warning", found: found.charAt(0).toUpperCase() + found.slice(1), advice });
    },
  );
}

function shown(traits: ReadonlySet<string>): string {
  return [...traits].map((trait) => (trait.length > 2 ? `a ${trait}` : `"${trait}"`)).join(", ");
}

/** How many sessions the server lets in at once, up to `wanted`. @param open one more */
export async function examineSessions(
  { tell }: Examination,
  wanted: number,
  open: (transcript: Transcript) => Promise<Session>,
): Promise<void> {
  const others: Session[] = [];
  let transcript = createTranscript();
  try {
    while (others.length + 1 < wanted) {
      transcript = createTranscript();
      others.push(await open(transcript));
    }
    const found = wanted === 1 ? "One session, as --connections says" : `${wanted} sessions at once`;
    tell({ step: "sessions", mark: "ok", found });
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    const count = others.length + 1;
    const found = `${count === 1 ? "One session" : `${count} sessions`} at once, not ${wanted}`;
    const advice = `miroir goes on with ${count}. --connections ${count} spares it the try`;
    const server = transcript.replyTo("PASS", "USER") ?? transcript.greeting ?? error.message;
    tell({ step: "sessions", mark: "warning", found, server, advice });
  } finally {
    for (const session of others) session.close();
  }
}

export async function examineSpeed(examination: Examination): Promise<void> {
  const { tell, monotonicMs } = examination;
  await trying(examination, "speed", "The connection does not hold: try again", async () => {
    const asking = await examination.asking();
    const times: number[] = [];
    for (let count = 0; count < ROUND_TRIPS; count++) {
      const startedAtMs = monotonicMs();
      await ask(asking, "NOOP", [200, 220, 250]);
      times.push(monotonicMs() - startedAtMs);
    }
    const medianMs = times.sort((one, other) => one - other)[ROUND_TRIPS >> 1] ?? 0;
    const found = `${medianMs < 10 ? medianMs.toFixed(1) : Math.round(medianMs)} ms for a question and its answer`;
    if (medianMs < SLOW_MS) return tell({ step: "speed", mark: "ok", found });
    const advice = "Small files cost some round trips each: more --connections help, where the server allows them";
    tell({ step: "speed", mark: "warning", found, advice });
  });
}
