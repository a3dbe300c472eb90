import { type CommandDef, defineCommand } from "citty";
import { type Assembled, assemble, type RunData } from "./commands/assemble.ts";
import { type CheckData, runCheck } from "./commands/check.ts";
import { type DoctorData, runDoctor } from "./commands/doctor.ts";
import { MANAGE, type ManageData } from "./commands/manage.ts";
import { runService, type ServiceData } from "./commands/service.ts";
import { watchFolder } from "./detect/watch.ts";
import { runSync, runWatch } from "./mirror/loop.ts";
import type { MirrorParts } from "./mirror/parts.ts";
import type { PassResult } from "./mirror/pass.ts";
import { preview } from "./mirror/preview.ts";
import { COMMANDS, type Command, type ManagingCommand, type MirroringCommand } from "./options/row.ts";
import { EXIT, type ExitCode, worstExit } from "./report/exit.ts";
import { type InitData, runInit } from "./setup/init.ts";
import { thisPlatform } from "./state/folders.ts";

type Run = (data: RunData) => Promise<ExitCode>;

const RUNS: Record<MirroringCommand, Run> = {
  sync: async (data) => {
    const assembled = await assemble(data);
    if ("refused" in assembled) return assembled.refused;
    const { mirror, parts, end } = assembled;
    if (data.invocation.options.dryRun) return endPreview(assembled);
    const result = await runSync(mirror, parts);
    return end(data.stop.code ?? worstExit(result.codes), complaintOf(result, data));
  },
  watch: async (data) => {
    const assembled = await assemble(data);
    if ("refused" in assembled) return assembled.refused;
    const { mirror, parts, end } = assembled;
    if (data.invocation.options.dryRun) return endPreview(assembled);
    const watcher = watchFolder(
      parts.folder,
      { platform: thisPlatform(), follow: data.invocation.options.symlinks === "follow" },
      (why) => tellPolling(parts, why),
    );
    const ended = await runWatch(mirror, parts, data.invocation.options.intervalMs, watcher);
    watcher.close();
    return ended ? end(worstExit(ended.codes), ended.error?.message) : end(EXIT.ok);
  },
};

/** Whoever scheduled it reads one line of a run that did not do all, even when the entries were told in an earlier one. */
function complaintOf({ error, counts }: PassResult, { invocation }: RunData): string | undefined {
  if (error) return error.message;
  if (counts.failed === 0) return undefined;
  const what = counts.failed === 1 ? "1 entry was" : `${counts.failed} entries were`;
  return `${what} not mirrored. The log "${invocation.options.log}" tells which, and why, in this run or an earlier one`;
}

function tellPolling({ log }: MirrorParts, why: string): void {
  log.info({ event: "start", detail: `Changes are looked for at each interval: ${why}` });
}

async function endPreview({ parts, memory, show, end }: Assembled): Promise<ExitCode> {
  const { code, error } = await preview(parts, memory, show);
  return end(code, error?.message);
}

/** @param data what main put in: citty passes it on untyped */
function runCommand(name: Command, data: unknown): Promise<ExitCode> {
  switch (name) {
    case "watch":
    case "sync":
      return RUNS[name](data as RunData);
    case "check":
      return runCheck(data as CheckData);
    case "init":
      return runInit(data as InitData);
    case "service":
      return runService(data as ServiceData);
    case "doctor":
      return runDoctor(data as DoctorData);
    default:
      return MANAGE[name satisfies ManagingCommand](data as ManageData);
  }
}

export function commandFor(name: Command): CommandDef {
  return defineCommand({
    meta: { name: `miroir ${name}`, description: COMMANDS[name].help },
    run: ({ data }) => runCommand(name, data),
  });
}
