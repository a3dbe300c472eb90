import type { Environment } from "../options/environment.ts";
import type { ManageInvocation } from "../options/invocation.ts";
import type { ConfigPlace } from "../options/profiles.ts";
import type { ManagingCommand } from "../options/row.ts";
import { UsageError } from "../options/usage-error.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode } from "../report/exit.ts";
import { areHealthy, statusJson, statusLines } from "../report/status-lines.ts";
import { descriptorSink } from "../report/terminal.ts";
import { widthOf, wordWrapped } from "../report/wrap.ts";
import { createApproval } from "../state/approval.ts";
import { lockHolder } from "../state/lock.ts";
import { type KnownMirror, mirrorsNamed, requestStop } from "../state/mirrors.ts";
import { mirrorsHere } from "./known.ts";

/** What main hands to a command about mirrors that are there already. */
export interface ManageData {
  invocation: ManageInvocation;
  env: Environment;
  config: ConfigPlace;
}

const STOP_PATIENCE_MS = 15_000;
const STOP_LOOK_MS = 100;

const stdout = descriptorSink(1);
const stderr = descriptorSink(2);
const say = (line: string) => stdout.write(`${wordWrapped(escapeText(line), widthOf(process.stdout))}\n`);

export const MANAGE: Record<ManagingCommand, (data: ManageData) => Promise<ExitCode>> = {
  async status(data) {
    const { invocation } = data;
    const mirrors = mirrorsOf(data);
    const now = new Date();
    const lines = invocation.options.json
      ? [statusJson(mirrors, now)]
      : statusLines(mirrors, now).map((line) => wordWrapped(line, widthOf(process.stdout)));
    stdout.write(lines.map((line) => `${line}\n`).join(""));
    tellHowToForget(mirrors);
    return areHealthy(mirrors, now) ? EXIT.ok : EXIT.incomplete;
  },
  async approve(data) {
    const waiting = mirrorsOf(data).filter(({ directory }) => createApproval(directory).parked().length > 0);
    const mirror = theOne(waiting, data.invocation, "has deletions that wait");
    const count = createApproval(mirror.directory).approve();
    const [what, them] = count === 1 ? ["1 deletion", "it"] : [`${count} deletions`, "them"];
    const who = mirror.holder ? "running watch" : "next pass";
    const are = count === 1 ? "is" : "are";
    say(`${what} of "${mirror.status.folder}" ${are} approved. The ${who} carries ${them} out`);
    return EXIT.ok;
  },
  async stop(data) {
    const running = mirrorsOf(data).filter(({ holder }) => holder !== undefined);
    const mirror = theOne(running, data.invocation, "is running");
    requestStop(mirror);
    const deadline = Date.now() + STOP_PATIENCE_MS;
    while (Date.now() < deadline) {
      if (lockHolder(mirror.directory) === undefined) {
        say(`The mirror of "${mirror.status.folder}" is stopped`);
        return EXIT.ok;
      }
      await Bun.sleep(STOP_LOOK_MS);
    }
    throw new UsageError(
      `Cannot tell whether the mirror of "${mirror.status.folder}" stopped: it still runs after ${STOP_PATIENCE_MS / 1000} s`,
    );
  },
};

/** One that never worked was perhaps a slip: nothing else takes it out of the list. */
function tellHowToForget(mirrors: readonly KnownMirror[]): void {
  const slip = mirrors.find(
    ({ status, run, holder, profiles }) =>
      run !== undefined && holder === undefined && status.completedPassAt === undefined && profiles.length === 0,
  );
  if (!slip) return;
  stderr.write(`miroir: To forget ${slip.id}, delete the folder "${escapeText(slip.directory)}"\n`);
}

function mirrorsOf({ invocation, env, config }: ManageData): KnownMirror[] {
  const { mirrors, complaint } = mirrorsHere(invocation, env, config);
  if (complaint !== undefined) stderr.write(`miroir: Profiles are left out. ${escapeText(complaint)}\n`);
  return mirrors;
}

/** The mirror that is meant. @throws UsageError when there is none, or more than one */
function theOne(candidates: readonly KnownMirror[], { command, name }: ManageInvocation, what: string): KnownMirror {
  const [one, ...others] = mirrorsNamed(candidates, name);
  const which = name === undefined ? "" : ` by the name "${name}"`;
  if (!one) throw new UsageError(`No mirror${which} ${what}. "miroir status" lists the mirrors`);
  if (others.length === 0) return one;
  const ids = [one, ...others].map(({ id }) => id).join(", ");
  throw new UsageError(`More than one mirror ${what}: name one of ${ids}, as "miroir ${command} ${one.id}"`);
}
