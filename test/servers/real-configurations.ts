import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "./certificates.ts";
import type { PortBlock } from "./real-ports.ts";
import type { TlsMode } from "./server.ts";

export interface Setting {
  /** Finds a program or file of the server's packages by its path below `/`. */
  find: (path: string) => string;
  /** A folder for the server's own files. */
  workFolder: string;
  /** The login folder. */
  root: string;
  host: string;
  ports: PortBlock;
  tls: TlsMode;
  certificate: Certificate;
  demandsDataTls: boolean;
}

export interface Launch {
  command: string[];
  /** Run in a namespace where root is this user id, for a server that lets no root log in. */
  rootIsUserId?: number;
  user: string;
  password: string;
}

const USER = "alice";
const PASSWORD = "sesame & co";
const IDLE_SECONDS = 900;
/** Inside the namespace only. */
const USER_ID = 1000;

/**
 * One process without chroot, which any user may start; such a vsftpd knows the anonymous user only, with any
 * password. Over FTP the login folder has its real path.
 */
export function vsftpd(setting: Setting): Launch {
  const { ports, tls, certificate } = setting;
  const lines = [
    "listen=YES",
    `listen_address=${setting.host}`,
    `listen_port=${ports.control}`,
    "background=NO",
    "run_as_launching_user=YES",
    "anonymous_enable=YES",
    "local_enable=NO",
    `ftp_username=${ourself().user}`,
    `anon_root=${setting.root}`,
    "write_enable=YES",
    "anon_upload_enable=YES",
    "anon_mkdir_write_enable=YES",
    "anon_other_write_enable=YES",
    "anon_world_readable_only=NO",
    "anon_umask=022",
    "file_open_mode=0666",
    "mdtm_write=YES",
    "force_dot_files=YES",
    "utf8_filesystem=YES",
    "seccomp_sandbox=NO",
    "xferlog_enable=NO",
    "max_clients=0",
    "max_per_ip=0",
    `idle_session_timeout=${IDLE_SECONDS}`,
    `data_connection_timeout=${IDLE_SECONDS}`,
    "pasv_enable=YES",
    `pasv_min_port=${ports.firstPassive}`,
    `pasv_max_port=${ports.lastPassive}`,
  ];
  if (tls !== "off") {
    lines.push(
      "ssl_enable=YES",
      `implicit_ssl=${tls === "implicit" ? "YES" : "NO"}`,
      `rsa_cert_file=${certificate.certificateFile}`,
      `rsa_private_key_file=${certificate.keyFile}`,
      "ssl_tlsv1=YES",
      "ssl_sslv2=NO",
      "ssl_sslv3=NO",
      "ssl_ciphers=HIGH",
      "require_ssl_reuse=YES",
      "allow_anon_ssl=YES",
      "force_anon_logins_ssl=YES",
      "force_anon_data_ssl=YES",
      "force_local_logins_ssl=YES",
      "force_local_data_ssl=YES",
    );
  }
  const file = join(setting.workFolder, "vsftpd.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { command: [setting.find("usr/sbin/vsftpd"), file], user: "anonymous", password: PASSWORD };
}

/** Runs as the user who starts it. Started by root, it shows the login folder as `/`; else under its real path. */
export function proftpd(setting: Setting): Launch {
  const { ports, tls, certificate, workFolder } = setting;
  const { uid, gid, user, group } = ourself();
  const passwords = join(workFolder, "passwd");
  writeFileSync(passwords, `${USER}:${hashOf(PASSWORD)}:${uid}:${gid}::${setting.root}:/bin/sh\n`, { mode: 0o600 });
  const modules = setting.find("usr/lib/proftpd");
  const lines = [
    `ModulePath ${modules}`,
    "LoadModule mod_digest.c",
    "LoadModule mod_tls.c",
    "ServerType standalone",
    'ServerIdent on "ProFTPD"',
    `DefaultAddress ${setting.host}`,
    `Port ${ports.control}`,
    `PassivePorts ${ports.firstPassive} ${ports.lastPassive}`,
    "SocketBindTight on",
    `User ${user}`,
    `Group ${group}`,
    `PidFile ${join(workFolder, "pid")}`,
    `ScoreboardFile ${join(workFolder, "scoreboard")}`,
    `SystemLog ${join(workFolder, "output")}`,
    "ControlsEngine off",
    "DelayEngine off",
    "TransferLog none",
    "WtmpLog off",
    "UseReverseDNS off",
    "AuthOrder mod_auth_file.c",
    `AuthUserFile ${passwords}`,
    "AuthPAM off",
    "RootLogin on",
    "RequireValidShell off",
    "AllowOverwrite on",
    "AllowStoreRestart on",
    "AllowRetrieveRestart on",
    'ListOptions "-a"',
    "Umask 022",
    "MaxInstances none",
    "TimeoutLogin 60",
    `TimeoutIdle ${IDLE_SECONDS}`,
    `TimeoutNoTransfer ${IDLE_SECONDS}`,
    `TimeoutStalled ${IDLE_SECONDS}`,
    "DigestOptions NoTransferCache",
  ];
  if (uid === "0") lines.push("DefaultRoot ~");
  if (tls !== "off") {
    lines.push(
      "TLSEngine on",
      `TLSLog ${join(workFolder, "tls.log")}`,
      `TLSRSACertificateFile ${certificate.certificateFile}`,
      `TLSRSACertificateKeyFile ${certificate.keyFile}`,
      "TLSRequired on",
    );
    if (tls === "implicit") lines.push("TLSOptions UseImplicitSSL");
  }
  const file = join(workFolder, "proftpd.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { command: [setting.find("usr/sbin/proftpd"), "-n", "-c", file], user: USER, password: PASSWORD };
}

/** Needs root, and shows the login folder as `/`. It has no implicit TLS. */
export function pureFtpd(setting: Setting): Launch {
  const { ports, tls, workFolder, demandsDataTls } = setting;
  if (tls === "implicit") throw new Error('Cannot start "pure-ftpd" with implicit TLS: it has none');
  const passwords = join(workFolder, "passwd");
  const database = join(workFolder, "passwd.pdb");
  writeFileSync(passwords, `${USER}:${hashOf(PASSWORD)}:${USER_ID}:${USER_ID}::${setting.root}/./::::::::::::\n`, {
    mode: 0o600,
  });
  execFileSync(setting.find("usr/bin/pure-pw"), ["mkdb", database, "-f", passwords]);
  const command = [
    setting.find("usr/sbin/pure-ftpd"),
    ...["-S", `${setting.host},${ports.control}`, "-p", `${ports.firstPassive}:${ports.lastPassive}`],
    ...["-l", `puredb:${database}`, "-u", "1", "-E", "-D", "-z", "-H", "-U", "133:022"],
    ...["-c", "200", "-C", "200", "-I", String(IDLE_SECONDS / 60), "-g", join(workFolder, "pid")],
  ];
  if (tls === "explicit") command.push("-Y", demandsDataTls ? "3" : "2", "-2", setting.certificate.combinedFile);
  return { command, rootIsUserId: USER_ID, user: USER, password: PASSWORD };
}

function hashOf(password: string): string {
  return execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: password, encoding: "utf8" }).trim();
}

/** By the "id" command: Bun takes the name out of the environment, where it may be missing. */
function ourself(): { user: string; group: string; uid: string; gid: string } {
  const ask = (option: string) => execFileSync("id", [option], { encoding: "utf8" }).trim();
  return { user: ask("-un"), group: ask("-gn"), uid: ask("-u"), gid: ask("-g") };
}
