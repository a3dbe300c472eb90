import { flagOf } from "./row.ts";
import { maskPassword } from "./usage-error.ts";

const FLAG = flagOf("password");

/** The arguments with `***` for the password that stands in them; judges nothing, and may hide too much. */
export function maskedArguments(args: readonly string[]): string[] {
  return args.map((argument, index) => {
    if (args[index - 1] === FLAG) return "***";
    if (argument.startsWith(`${FLAG}=`)) return `${FLAG}=***`;
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(argument) ? maskPassword(argument) : argument;
  });
}
