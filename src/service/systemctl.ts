import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type InstalledService, serviceName } from "./definition.ts";
import { systemdUnits, unitName } from "./systemd.ts";
import { must, type ServiceKeeper, type Tool } from "./tool.ts";

const ADVICE = 'It needs a log-on session with systemd; "--print" shows the units, to be installed by hand';

/** systemd's manager of one account. `folder` holds its units: ~/.config/systemd/user. */
export function createSystemctl(folder: string, tool: Tool): ServiceKeeper {
  const systemctl = (action: string, ...args: string[]) => must(tool, action, ["systemctl", "--user", ...args], ADVICE);
  const unitsOf = (id: string) => ["service", "timer"].map((kind) => `${serviceName(id)}.${kind}`);
  const present = (id: string) => unitsOf(id).filter((name) => existsSync(join(folder, name)));

  async function forget(id: string): Promise<void> {
    for (const name of present(id)) rmSync(join(folder, name));
    await systemctl("read the units anew", "daemon-reload");
  }

  return {
    async install(definition) {
      const { id } = definition;
      // A reachable manager first: nothing is left behind where there is none.
      await systemctl("reach the systemd of this account", "show", "--property=Version");
      if (present(id).length > 0) await this.remove(id);
      mkdirSync(folder, { recursive: true });
      for (const { name, text } of systemdUnits(definition)) writeFileSync(join(folder, name), text);
      try {
        await systemctl("read the units anew", "daemon-reload");
        await systemctl(`start "${unitName(definition)}"`, "enable", "--now", "--quiet", unitName(definition));
      } catch (error) {
        await tool(["systemctl", "--user", "disable", "--now", "--quiet", unitName(definition)]);
        await forget(id).catch(() => undefined);
        throw error;
      }
    },
    async remove(id) {
      const units = present(id);
      // The service has no place where it is enabled when a timer starts it.
      await systemctl(`stop "${serviceName(id)}"`, "disable", "--now", "--quiet", units.at(-1) ?? serviceName(id));
      await systemctl(`stop "${serviceName(id)}"`, "stop", ...units);
      await tool(["systemctl", "--user", "reset-failed", "--quiet", ...units]);
      await forget(id);
    },
    async list() {
      return readUnits(folder);
    },
  };
}

function readUnits(folder: string): InstalledService[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.flatMap((name) => {
    const [, id] = /^miroir-(.+)\.service$/.exec(name) ?? [];
    if (id === undefined) return [];
    const [, description] = /^Description=(Mirrors .*)$/m.exec(readFileSync(join(folder, name), "utf8")) ?? [];
    return description === undefined ? [] : [{ id, description: description.replaceAll("%%", "%") }];
  });
}
