import { type Environment, readEnvironment } from "./environment.ts";
import { type Flag, type Positional, readFlag, rowOf } from "./flags.ts";
import type { Invocation, RunInvocation } from "./invocation.ts";
import { merge } from "./layers.ts";
import { nearest } from "./nearest.ts";
import type { Options } from "./options.ts";
import { flagOf } from "./row.ts";
import { quote, UsageError } from "./usage-error.ts";

const ACTIONS = ["install", "remove", "list"] as const;
type Action = (typeof ACTIONS)[number];

export type ServiceInvocation = { command: "service"; options: Options } & (
  | { action: "install"; run: RunInvocation }
  | { action: "remove"; name: string | undefined }
  | { action: "list" }
);

interface ServiceLine {
  flags: readonly Flag[];
  /** Without the word "service". */
  positionals: readonly Positional[];
  env: Environment;
  /** Reads the command line of what is to be installed. */
  run(argv: string[]): Invocation;
}

/**
 * `install` is followed by the command line of the watch or the sync that it is about: whatever that takes is taken
 * here. @throws UsageError
 */
export function parseServiceLine({ flags, positionals, env, run }: ServiceLine): ServiceInvocation {
  const [first, ...operands] = positionals.map(({ value }) => value);
  const action = actionOf(first);
  const own = action === "install" ? flags.filter(isOfServiceAlone) : flags;
  const given = own.map((flag) => readFlag(flag, "service"));
  const overridden = new Set(given.map(({ name }) => name));
  const { options } = merge([...readEnvironment(env, "service", overridden), ...given]);
  const base = { command: "service", options } as const;
  if (action !== "install") {
    const only = ["every", "print", "platform"].find((name) => overridden.has(name));
    if (only !== undefined) {
      throw new UsageError(
        `Option ${quote(flagOf(only))} belongs to "miroir service install": leave it out`,
        flagOf(only),
      );
    }
    const surplus = operands[action === "remove" ? 1 : 0];
    if (surplus !== undefined) throw new UsageError(`Unexpected argument ${quote(surplus)}: leave it out`);
    return action === "remove" ? { ...base, action, name: operands[0] } : { ...base, action };
  }
  if (options.platform !== undefined && !options.print) {
    throw new UsageError(
      'Option "--platform" needs "--print": what is for another system can only be shown',
      "--platform",
    );
  }
  const others = flags.filter((flag) => !isOfServiceAlone(flag)).flatMap(argumentsOf);
  const command = options.everyMs === undefined ? "watch" : "sync";
  const invocation = run([command, ...others, "--", ...operands]);
  if (invocation.command !== "watch" && invocation.command !== "sync")
    throw new Error(`"${command}" was read otherwise`);
  if (invocation.options.dryRun) {
    throw new UsageError(
      'Cannot install a service with "--dry-run": it would mirror nothing. Leave it out',
      "--dry-run",
    );
  }
  return { ...base, action, run: invocation };
}

function actionOf(word: string | undefined): Action {
  const known = ACTIONS.find((action) => action === word);
  if (known !== undefined) return known;
  const list = 'one of "install", "remove", "list"';
  if (word === undefined) throw new UsageError(`Missing what to do after "miroir service": expected ${list}`);
  const near = nearest(word, ACTIONS);
  const advice = near !== undefined && near.edits <= 2 ? `Did you mean ${quote(near.word)}?` : `Expected ${list}`;
  throw new UsageError(`Unknown word ${quote(word)} after "miroir service". ${advice}`);
}

function isOfServiceAlone(flag: Flag): boolean {
  const commands = rowOf(flag)?.commands ?? [];
  return commands.length === 1 && commands[0] === "service";
}

/** As they stood on the command line. */
function argumentsOf({ argument, attached, value, written }: Flag): string[] {
  return attached || value === undefined || argument !== written ? [argument] : [argument, value];
}
