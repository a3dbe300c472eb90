const WIDTH = 80;
const INDENT = "   ";
/** Where the message of a log line begins once it is shown. */
const MESSAGE_COLUMN = 22;

const LOG_LINE = /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\.\d+Z [A-Z]+ +(\w+) +(.*)$/;

export function isPass(logLine: string): boolean {
  return LOG_LINE.exec(logLine)?.[2] === "pass";
}

/** A line of miroir's log as the demo shows it: without date and level, and what is too long goes on below. */
export function formatLogLine(logLine: string): string {
  const [, time = "", event = "", message = logLine] = LOG_LINE.exec(logLine) ?? [];
  const head = `${INDENT}${time.padEnd(8)}  ${event.padEnd(8)} `;
  return head + wrap(message, WIDTH - MESSAGE_COLUMN).join(`\n${" ".repeat(MESSAGE_COLUMN)}`);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
