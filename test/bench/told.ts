import type { Command } from "./run.ts";
import {
  curlUpload,
  findAll,
  lftpMirror,
  lftpMirrorByDefault,
  lftpMirrorDelete,
  lftpPut,
  miroirSync,
  miroirWatch,
  rcloneCompare,
  rcloneCopy,
  type Task,
} from "./tools.ts";

const PLAIN: Task = {
  executable: "miroir",
  from: "FOLDER",
  kind: "proftpd",
  host: "HOST",
  port: 21,
  user: "USER",
  password: "PASSWORD",
  tls: "off",
  certificateFile: "CERTIFICATE",
  remote: "REMOTE",
  connections: 8,
  home: "HOME",
};
const FILE: Task = { ...PLAIN, from: "FILE" };
const ENCRYPTED: Task = { ...PLAIN, tls: "explicit", connections: 1 };

/** The command lines of every program, made as the real ones are, with words in capitals for what differs. */
export function toldCommands(): string[] {
  const commands: Command[] = [
    miroirSync(PLAIN),
    miroirSync(ENCRYPTED),
    miroirWatch({ ...PLAIN, connections: 4 }, 500),
    lftpMirror(PLAIN),
    lftpMirror({ ...PLAIN, kind: "vsftpd" }),
    lftpMirrorByDefault(PLAIN),
    lftpMirrorDelete({ ...PLAIN, connections: 4 }),
    lftpPut(FILE),
    lftpPut({ ...FILE, tls: "explicit" }),
    rcloneCopy(PLAIN),
    rcloneCopy({ ...PLAIN, kind: "vsftpd" }),
    rcloneCompare(PLAIN),
    curlUpload(FILE),
    curlUpload({ ...FILE, tls: "explicit" }),
    findAll("FOLDER"),
  ];
  return commands.map(({ words }) => words.map(shown).join(" "));
}

function shown(word: string, index: number, words: string[]): string {
  if (words[index - 1] === "--ftp-pass") return "PASSWORD";
  return /[\s;&'"*|()]/.test(word) ? `"${word.replaceAll('"', '\\"')}"` : word;
}
