import { homedir } from "node:os";
import { runCommand } from "citty";
import { commandFor } from "./commands.ts";
import { createConfigReader } from "./options/profiles.ts";
import { InterruptedError } from "./options/prompt.ts";
import { parseCommandLine } from "./options/resolve.ts";
import { usage } from "./options/usage.ts";
import { UsageError } from "./options/usage-error.ts";
import { exposureOf } from "./process/file-access.ts";
import { hidePasswordInProcessList } from "./process/process-list.ts";
import { keepRunning, startWatch } from "./process/restart.ts";
import { createStop } from "./process/stop.ts";
import { escapeText } from "./report/escape.ts";
import { EXIT, type ExitCode } from "./report/exit.ts";
import { descriptorSink } from "./report/terminal.ts";
import { widthOf, wordWrapped } from "./report/wrap.ts";
import { configurationFile, thisPlatform } from "./state/folders.ts";
import { FULL_VERSION } from "./version.ts";

const stdout = descriptorSink(1);
const stderr = descriptorSink(2);

/** Everything that touches the process itself: arguments, environment, signals, exit code. */
async function main(argv: string[]): Promise<ExitCode> {
  const platform = thisPlatform();
  const home = homedir();
  const file = configurationFile({ platform, env: process.env, home });
  const config = { file, home, read: createConfigReader(exposureOf) };
  const invocation = parseCommandLine(argv, process.env, config);
  switch (invocation.command) {
    case "help":
      stdout.write(usage(invocation.of, widthOf(process.stdout)));
      return EXIT.ok;
    case "version":
      stdout.write(`miroir ${FULL_VERSION}\n`);
      return EXIT.ok;
    default: {
      const stop = createStop();
      process.on("SIGINT", () => stop.request("SIGINT", EXIT.interrupted));
      process.on("SIGTERM", () => stop.request("SIGTERM", EXIT.terminated));
      process.on("SIGHUP", () => stop.request("SIGHUP", EXIT.terminated));
      if (invocation.command === "watch" && invocation.options.restart) {
        return keepRunning({ start: () => startWatch(argv), stop, tell: (line) => stderr.write(`miroir: ${line}\n`) });
      }
      const { result } = await runCommand(commandFor(invocation.command), {
        // citty's own reading of arguments is lenient: the strict one has been done.
        rawArgs: [],
        data: { invocation, stop, env: process.env, config },
      });
      return result as ExitCode;
    }
  }
}

function fail(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  const isUsage = error instanceof UsageError;
  const words = error instanceof Error ? error.message : String(error);
  const advice = isUsage ? "" : ". This is a bug in miroir: run again with --debug and report what it says";
  stderr.write(`${wordWrapped(`miroir: ${escapeText(words)}${advice}`, widthOf(process.stderr))}\n`);
  if (!isUsage && process.argv.includes("--debug") && error instanceof Error) stderr.write(`${error.stack}\n`);
  return isUsage ? EXIT.usage : EXIT.bug;
}

hidePasswordInProcessList(thisPlatform());
const code = await main(process.argv.slice(2)).catch(fail);
process.exit(code);
