import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InstalledService, serviceName } from "./definition.ts";
import { readTaskDescription, taskXml } from "./task-scheduler.ts";
import { must, type ServiceKeeper, type Tool } from "./tool.ts";

const ADVICE = 'Where access is denied, run it once in a command prompt that was opened by "Run as administrator"';

/** Windows' Task Scheduler. */
export function createSchtasks(tool: Tool): ServiceKeeper {
  return {
    async install(definition) {
      const name = serviceName(definition.id);
      const folder = mkdtempSync(join(tmpdir(), "miroir-task-"));
      try {
        const file = join(folder, "task.xml");
        writeFileSync(file, `\uFEFF${taskXml(definition)}`, "utf16le");
        await tool(["schtasks", "/end", "/tn", name]);
        await must(
          tool,
          `install the task "${name}"`,
          ["schtasks", "/create", "/tn", name, "/xml", file, "/f"],
          ADVICE,
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      await must(tool, `start the task "${name}"`, ["schtasks", "/run", "/tn", name], ADVICE);
    },
    async remove(id) {
      const name = serviceName(id);
      await tool(["schtasks", "/end", "/tn", name]);
      await must(tool, `remove the task "${name}"`, ["schtasks", "/delete", "/tn", name, "/f"], ADVICE);
    },
    async list() {
      const table = await must(tool, "list the tasks", ["schtasks", "/query", "/fo", "csv", "/nh"]);
      const ids = new Set([...table.matchAll(/^"\\miroir-([^"\\]+)",/gm)].map(([, id = ""]) => id));
      const found: InstalledService[] = [];
      for (const id of [...ids].sort()) {
        const { code, stdout } = await tool(["schtasks", "/query", "/tn", serviceName(id), "/xml"]);
        const description = code === 0 ? readTaskDescription(stdout) : undefined;
        if (description?.startsWith("Mirrors ")) found.push({ id, description });
      }
      return found;
    },
  };
}
