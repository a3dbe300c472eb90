import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { agentErrorFile, agentFile, launchdLabel, launchdPlist, readDescription } from "./launchd.ts";
import { must, type ServiceKeeper, type Tool } from "./tool.ts";

/** launchd's agents of one account: those of its desktop session. */
export function createLaunchctl(home: string, uid: number, tool: Tool): ServiceKeeper {
  const session = `gui/${uid}`;
  const folder = dirname(agentFile(home, "any"));

  /** One that is not loaded is refused, which is as good. */
  async function unload(id: string): Promise<void> {
    await tool(["launchctl", "bootout", `${session}/${launchdLabel(id)}`]);
  }

  return {
    async install(definition) {
      const { id } = definition;
      const file = agentFile(home, id);
      await unload(id);
      mkdirSync(folder, { recursive: true });
      mkdirSync(dirname(agentErrorFile(home, id)), { recursive: true });
      writeFileSync(file, launchdPlist(definition));
      try {
        await must(tool, `load "${file}"`, ["launchctl", "bootstrap", session, file]);
      } catch (error) {
        rmSync(file);
        throw error;
      }
    },
    async remove(id) {
      await unload(id);
      rmSync(agentFile(home, id), { force: true });
      rmSync(agentErrorFile(home, id), { force: true });
    },
    async list() {
      const names = existsSync(folder) ? readdirSync(folder).sort() : [];
      return names.flatMap((name) => {
        const [, id] = /^local\.miroir\.(.+)\.plist$/.exec(name) ?? [];
        const description = id && readDescription(readFileSync(join(folder, name), "utf8"));
        return id === undefined || description === undefined ? [] : [{ id, description }];
      });
    },
  };
}
