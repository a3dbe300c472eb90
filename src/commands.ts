import { type CommandDef, defineCommand } from "citty";
import { type Assembled, assemble, type RunData } from "./commands/assemble.ts";
import { type CheckData, runCheck } from "./commands/check.ts";
import { type DoctorData, runDoctor } from "./commands/doctor.ts";
import { MANAGE, type ManageData } from "./commands/manage.ts";
import { runService, type ServiceData } from "./commands/service.ts";
import { watchFolder } from "./detect/watch.ts";
import { runSync, runWatch } from "./mirror/loop.ts";
import type { MirrorParts } from "./mirror/parts.ts";
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
    return end(data.stop.code ?? worstExit(result.codes), result.error);
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
    return ended ? end(worstExit(ended.codes), ended.error) : end(EXIT.ok);
  },
};

function tellPolling({ log }: MirrorParts, why: string): void {
  log.info({ event: "start", detail: `Changes are looked for at each interval: ${why}` });
}

async function endPreview({ parts, memory, show, end }: Assembled): Promise<ExitCode> {
  const { code, error } = await preview(parts, memory, show);
  return end(code, error);
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
