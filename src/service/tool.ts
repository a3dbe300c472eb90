import { UsageError } from "../options/usage-error.ts";
import type { InstalledService, ServiceDefinition } from "./definition.ts";

/** The system's own keeper of services, for this account. All of it throws UsageError with the system's words. */
export interface ServiceKeeper {
  /** In the place of one of the same id; begins it. */
  install(definition: ServiceDefinition): Promise<void>;
  /** Ends it, and leaves nothing of it. */
  remove(id: string): Promise<void>;
  list(): Promise<InstalledService[]>;
}

export interface ToolResult {
  code: number;
  stdout: string;
  /** What it said against it, in one line. */
  words: string;
}

/** Runs one of the system's tools to its end. */
export type Tool = (command: readonly string[]) => Promise<ToolResult>;

export const runTool: Tool = async (command) => {
  try {
    const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const code = await child.exited;
    return { code, stdout, words: (stderr.trim() || stdout.trim()).replace(/\s+/g, " ") };
  } catch (error) {
    return { code: 127, stdout: "", words: error instanceof Error ? error.message : String(error) };
  }
};

/** @param action as in "Cannot start ..." @throws UsageError */
export async function must(tool: Tool, action: string, command: readonly string[], advice = ""): Promise<string> {
  const { code, stdout, words } = await tool(command);
  if (code === 0) return stdout;
  const remedy = advice === "" ? "" : `. ${advice}`;
  throw new UsageError(`Cannot ${action}: "${command.join(" ")}" says: ${words || `exit code ${code}`}${remedy}`);
}
