import { posix } from "node:path";
import { RESTART_SECONDS, RUNTIME_VARIABLES, type ServiceDefinition } from "./definition.ts";
import { type Element, unescapeXml, xml } from "./xml.ts";

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
`;
/** An agent's comment has no key of its own: launchd ignores those that it does not know. */
const DESCRIPTION_KEY = "MiroirDescription";

export function launchdLabel(id: string): string {
  return `local.miroir.${id}`;
}

export function agentFile(home: string, id: string): string {
  return posix.join(home, "Library", "LaunchAgents", `${launchdLabel(id)}.plist`);
}

/** What is printed before the log can be opened. */
export function agentErrorFile(home: string, id: string): string {
  return posix.join(home, "Library", "Logs", `${launchdLabel(id)}.log`);
}

/** A launch agent (launchd.plist(5)). */
export function launchdPlist({ id, description, command, everyMs, home }: ServiceDefinition): string {
  const isWatch = everyMs === undefined;
  const keys: Array<[key: string, value: Element]> = [
    ["Label", text(launchdLabel(id))],
    [DESCRIPTION_KEY, text(description)],
    ["ProgramArguments", ["array", command.map(text)]],
    // Empty is as good as unset for the runtime; nothing can be unset here.
    ["EnvironmentVariables", dict(RUNTIME_VARIABLES.toSorted().map((name) => [name, text("")]))],
    ["RunAtLoad", ["true", []]],
    ...((isWatch
      ? // Any other end is final: miroir itself starts again what is worth it (--restart).
        [
          ["KeepAlive", dict([["Crashed", ["true", []]]])],
          ["ThrottleInterval", ["integer", String(RESTART_SECONDS)]],
        ]
      : [["StartInterval", ["integer", String(everyMs / 1000)]]]) satisfies Array<[string, Element]>),
    // "Background" would let the system delay a watch's timers.
    ["ProcessType", text(isWatch ? "Standard" : "Background")],
    ["StandardErrorPath", text(agentErrorFile(home, id))],
  ];
  return `${HEAD}${xml(["plist", [dict(keys)], { version: "1.0" }])}`;
}

/** The description of an agent of ours; undefined for what is none. */
export function readDescription(plist: string): string | undefined {
  const [, found] = new RegExp(`<key>${DESCRIPTION_KEY}</key>\\s*<string>([^<]*)</string>`).exec(plist) ?? [];
  return found === undefined ? undefined : unescapeXml(found);
}

function text(value: string): Element {
  return ["string", value];
}

function dict(entries: ReadonlyArray<readonly [key: string, value: Element]>): Element {
  return ["dict", entries.flatMap(([key, value]): Element[] => [["key", key], value])];
}
