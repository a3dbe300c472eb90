import { createHash } from "node:crypto";
import { posix, win32 } from "node:path";

export interface System {
  platform: NodeJS.Platform;
  env: Record<string, string | undefined>;
  home: string;
}

export function thisPlatform(): NodeJS.Platform {
  return process.platform;
}

/** The system's place for miroir's state. The XDG specification has relative values ignored. */
export function stateFolder({ platform, env, home }: System): string {
  if (platform === "win32") {
    const local = env.LOCALAPPDATA;
    return win32.join(local && win32.isAbsolute(local) ? local : win32.join(home, "AppData", "Local"), "miroir");
  }
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "miroir");
  const xdg = env.XDG_STATE_HOME;
  return posix.join(xdg && posix.isAbsolute(xdg) ? xdg : posix.join(home, ".local", "state"), "miroir");
}

/** The system's place for miroir's configuration. */
export function configurationFile({ platform, env, home }: System): string {
  const name = "config.toml";
  if (platform === "win32") {
    const roaming = env.APPDATA;
    const base = roaming && win32.isAbsolute(roaming) ? roaming : win32.join(home, "AppData", "Roaming");
    return win32.join(base, "miroir", name);
  }
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "miroir", name);
  const xdg = env.XDG_CONFIG_HOME;
  return posix.join(xdg && posix.isAbsolute(xdg) ? xdg : posix.join(home, ".config"), "miroir", name);
}

/** The systemd units of this account (systemd.unit(5)). */
export function unitFolder({ env, home }: System): string {
  const xdg = env.XDG_CONFIG_HOME;
  return posix.join(xdg && posix.isAbsolute(xdg) ? xdg : posix.join(home, ".config"), "systemd", "user");
}

/**
 * FOLDER as the manifest names it: its real path, case-folded where the disk ignores case. The prefix by which Windows
 * programs ask for long paths (`\\?\C:\`, `\\?\UNC\server\`) is another way to write the same folder.
 */
export function folderIdentity(folderRealPath: string, platform: NodeJS.Platform): string {
  if (platform !== "win32") return folderRealPath;
  const plain = folderRealPath.replace(/^\\\\\?\\UNC\\/i, "\\\\").replace(/^\\\\\?\\(?=[a-z]:)/i, "");
  return plain.toLowerCase();
}

/** The name of one mirror's folder inside the state folder, such as `website-3f2a9c01b7de`: readable and stable. */
export function mirrorIdentity(folderRealPath: string, siteIdentity: string, platform: NodeJS.Platform): string {
  const folder = folderIdentity(folderRealPath, platform);
  const digest = createHash("sha256").update(`${folder}\n${siteIdentity}`).digest("hex");
  return `${slug((platform === "win32" ? win32 : posix).basename(folder))}-${digest.slice(0, 12)}`;
}

export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9_]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return plain || "root";
}
