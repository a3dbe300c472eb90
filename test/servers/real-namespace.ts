import { spawn, spawnSync } from "node:child_process";
import { readlinkSync, writeFileSync } from "node:fs";

export interface UserNamespace {
  /** Words to put before a command that shall run in it, as its root. */
  prefix: string[];
  /** To be called once that command runs: the namespace then lives as long as the command does. */
  release(): void;
}

const NOBODY = 65534;
const TIMEOUT_MS = 5000;

/** False for those who are not root, and inside many containers. */
export function canMakeNamespaces(): boolean {
  return process.getuid?.() === 0 && spawnSync("unshare", ["--user", "true"], { stdio: "ignore" }).status === 0;
}

/**
 * A Linux user namespace in which the real root is the ordinary user `userId`. A server that lets no root log in can
 * so serve folders that root owns and fills.
 */
export async function namespaceWhereRootIs(userId: number): Promise<UserNamespace> {
  const holder = spawn("setpriv", ["--pdeathsig", "KILL", "unshare", "--user", "sleep", "60"], { stdio: "ignore" });
  holder.unref();
  const folder = `/proc/${holder.pid}`;
  const ours = readlinkSync("/proc/self/ns/user");
  for (const start = Date.now(); ; ) {
    const theirs = namespaceOf(folder);
    if (theirs !== undefined && theirs !== ours) break;
    if (theirs === undefined || Date.now() - start > TIMEOUT_MS) {
      holder.kill("SIGKILL");
      throw new Error('Cannot make a user namespace: "unshare --user" failed');
    }
    await Bun.sleep(5);
  }
  // The kernel takes a map in one write only. The namespace needs a root too: nobody plays it.
  const map = `0 ${NOBODY} 1\n${userId} 0 1\n`;
  writeFileSync(`${folder}/uid_map`, map);
  writeFileSync(`${folder}/gid_map`, map);
  return {
    prefix: ["nsenter", `--user=${folder}/ns/user`, "--setuid", "0", "--setgid", "0"],
    release: () => holder.kill("SIGKILL"),
  };
}

/** Undefined when the process has ended. */
function namespaceOf(folder: string): string | undefined {
  try {
    return readlinkSync(`${folder}/ns/user`);
  } catch {
    return undefined;
  }
}
