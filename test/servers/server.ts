export type TlsMode = "off" | "explicit" | "implicit";

/** What a test needs to know of an FTP server, whichever it is. */
export interface TestServer {
  /** "embedded" | "vsftpd" | "proftpd" | "pure-ftpd" */
  readonly kind: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: TlsMode;
  /** PEM file of the certificate that signs the server's, or is it: what `--tls-ca` takes. */
  readonly certificateFile: string;
  /** The local folder that is the login folder as seen over FTP. Its path over FTP need not be `/`: ask PWD. */
  readonly root: string;
  /** `ftp://user@host:port` (`ftpes:` and `ftps:` by `tls`), without password or folder. */
  readonly url: string;
  stop(): Promise<void>;
}

const SCHEMES = { off: "ftp", explicit: "ftpes", implicit: "ftps" } as const satisfies Record<TlsMode, string>;

export function serverUrl(server: { tls: TlsMode; user: string; host: string; port: number }): string {
  return `${SCHEMES[server.tls]}://${server.user}@${server.host}:${server.port}`;
}
