import {
  FINAL_EXIT_CODES,
  RESTART_SECONDS,
  RUNTIME_VARIABLES,
  type ServiceDefinition,
  serviceName,
} from "./definition.ts";

export interface UnitFile {
  name: string;
  text: string;
}

/** The unit that is enabled. */
export function unitName({ id, everyMs }: Pick<ServiceDefinition, "id" | "everyMs">): string {
  return `${serviceName(id)}.${everyMs === undefined ? "service" : "timer"}`;
}

/** User units (systemd.service(5), systemd.timer(5)): a service, and a timer where it is a `sync`. */
export function systemdUnits(definition: ServiceDefinition): UnitFile[] {
  const { id, everyMs } = definition;
  const service = { name: `${serviceName(id)}.service`, text: serviceText(definition) };
  return everyMs === undefined ? [service] : [service, { name: unitName(definition), text: timerText(definition) }];
}

function serviceText({ description, command, everyMs }: ServiceDefinition): string {
  const isWatch = everyMs === undefined;
  const finals = FINAL_EXIT_CODES.join(" ");
  return unit(
    ["Unit", [`Description=${plain(description)}`]],
    [
      "Service",
      [
        `Type=${isWatch ? "exec" : "oneshot"}`,
        `ExecStart=${command.map(argument).join(" ")}`,
        `UnsetEnvironment=${RUNTIME_VARIABLES.join(" ")}`,
        "NoNewPrivileges=yes",
        ...(isWatch
          ? ["Restart=on-failure", `RestartSec=${RESTART_SECONDS}`, `RestartPreventExitStatus=${finals}`]
          : // Another miroir is at work on the same: that is no failure of this one.
            ["SuccessExitStatus=6"]),
        "TimeoutStopSec=15",
      ],
    ],
    // A service that a timer starts is not started by itself.
    ...(isWatch ? [["Install", ["WantedBy=default.target"]] as const] : []),
  );
}

/** Counted from the log-on and from the last run: nothing is caught up that was missed while the machine slept. */
function timerText({ description, everyMs = 0 }: ServiceDefinition): string {
  return unit(
    ["Unit", [`Description=${plain(description)}`]],
    ["Timer", ["OnActiveSec=5", `OnUnitActiveSec=${everyMs / 1000}`, "AccuracySec=1"]],
    ["Install", ["WantedBy=timers.target"]],
  );
}

function unit(...sections: ReadonlyArray<readonly [name: string, lines: readonly string[]]>): string {
  return sections.map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`).join("\n");
}

function plain(text: string): string {
  // A backslash at the end of a line would join it with the next one.
  return text.replaceAll("%", "%%").replace(/\\$/, "\\\\");
}

/** As systemd splits it again: `%` begins a specifier, `$` a variable. */
function argument(text: string): string {
  const escaped = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[\w%$@/.,:=+~-]+$/.test(escaped)) return escaped;
  const inside = escaped
    .replace(/["\\]/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f]/g, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${inside}"`;
}
