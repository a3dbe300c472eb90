import { type ServiceDefinition, serviceName } from "./definition.ts";
import { type Element, unescapeXml, xml } from "./xml.ts";

/** Any moment that is past: the repetition counts from it. */
const START = "2026-01-01T00:00:00";

/**
 * A task for Task Scheduler, of its schema 1.2 (Windows Vista and later; MS-TSCH 2.5). To be written as UTF-16.
 *
 * It runs with the account's own rights, without its password (S4U): outside every desktop, so that no console window
 * is seen. A password would be needed only for files on other machines.
 */
export function taskXml({ id, description, command, everyMs, user }: ServiceDefinition): string {
  const [program, ...args] = command;
  const trigger: Element =
    everyMs === undefined
      ? [
          "LogonTrigger",
          [
            ["Enabled", "true"],
            ["UserId", user],
          ],
        ]
      : [
          "TimeTrigger",
          [
            ["Enabled", "true"],
            ["StartBoundary", START],
            [
              "Repetition",
              [
                ["Interval", isoDuration(everyMs / 1000)],
                ["StopAtDurationEnd", "false"],
              ],
            ],
          ],
        ];
  const task: Element = [
    "Task",
    [
      [
        "RegistrationInfo",
        [
          ["Description", description],
          ["URI", `\\${serviceName(id)}`],
        ],
      ],
      ["Triggers", [trigger]],
      [
        "Principals",
        [
          [
            "Principal",
            [
              ["UserId", user],
              ["LogonType", "S4U"],
              ["RunLevel", "LeastPrivilege"],
            ],
            { id: "Author" },
          ],
        ],
      ],
      [
        "Settings",
        [
          // What is still at work is not begun a second time.
          ["MultipleInstancesPolicy", "IgnoreNew"],
          ["DisallowStartIfOnBatteries", "false"],
          ["StopIfGoingOnBatteries", "false"],
          ["AllowHardTerminate", "true"],
          ["StartWhenAvailable", "true"],
          ["RunOnlyIfNetworkAvailable", "false"],
          ["AllowStartOnDemand", "true"],
          ["Enabled", "true"],
          ["Hidden", "false"],
          ["RunOnlyIfIdle", "false"],
          ["WakeToRun", "false"],
          // No limit; the default would end a watch after three days.
          ["ExecutionTimeLimit", "PT0S"],
          ["Priority", "7"],
        ],
      ],
      [
        "Actions",
        [
          [
            "Exec",
            [
              ["Command", program],
              ["Arguments", args.map(windowsArgument).join(" ")],
            ],
          ],
        ],
        { Context: "Author" },
      ],
    ],
    { version: "1.2", xmlns: "http://schemas.microsoft.com/windows/2004/02/mit/task" },
  ];
  return `<?xml version="1.0" encoding="UTF-16"?>\n${xml(task)}`.replaceAll("\n", "\r\n");
}

function isoDuration(seconds: number): string {
  if (seconds % 3600 === 0) return `PT${seconds / 3600}H`;
  return seconds % 60 === 0 ? `PT${seconds / 60}M` : `PT${seconds}S`;
}

/** The description of a task, from its XML. */
export function readTaskDescription(text: string): string | undefined {
  const [, found] = /<Description>([^<]*)<\/Description>/.exec(text) ?? [];
  return found === undefined ? undefined : unescapeXml(found);
}

/** So that CommandLineToArgvW gives it back: backslashes count only before a quotation mark. */
export function windowsArgument(text: string): string {
  if (/^[^\s"]+$/.test(text)) return text;
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}
