import { isIP, type Socket } from "node:net";
import tls from "node:tls";
import { certificateOf } from "./certificate.ts";
import { type ShownCertificate, SiteError } from "./site.ts";

/** What is believed about the server's certificate. */
export interface Trust {
  /** SHA-256 of the certificate itself, 64 lower-case hexadecimal digits: that one and no other. */
  fingerprint?: string;
  /** Further authorities, PEM. */
  authorities?: string;
  /** Encrypt, but believe anybody. */
  insecure: boolean;
}

/**
 * TLS over an open socket, verified before it is handed out.
 * The handshake itself refuses nothing, so that a refusal can show the certificate; nothing is sent before `verify`.
 * @param options.session the control connection's TLS session, resumed on data connections: vsftpd and ProFTPD demand it.
 * @param options.curve offered before the others: the one the server chose before costs no second hello
 * @throws SiteError `tls`
 */
export function secure(
  socket: Socket,
  host: string,
  trust: Trust,
  options: {
    timeoutMs: number;
    session?: Buffer | undefined;
    curve?: string | undefined;
    onHandshake?: ((socket: tls.TLSSocket) => void) | undefined;
  },
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      secured.destroy();
      reject(error instanceof SiteError ? error : handshakeFailed(host, error));
    };
    const timer = setTimeout(() => fail(new Error("no answer in time")), options.timeoutMs);
    const secured = tls.connect({
      socket,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ca: authorities(trust),
      ...(trust.authorities !== undefined && { allowPartialTrustChain: true }),
      minVersion: "TLSv1.2",
      rejectUnauthorized: false,
      ...(options.session && { session: options.session }),
      ...(options.curve && {
        ecdhCurve: [options.curve, ...CURVES.filter((each) => each !== options.curve)].join(":"),
      }),
    });
    secured.once("error", fail);
    // A peer that hangs up in the middle of the handshake is reported by "close" alone.
    secured.once("close", () => fail(new Error("the connection was closed")));
    secured.once("secureConnect", () => {
      try {
        options.onHandshake?.(secured);
        verify(secured, host, trust);
      } catch (error) {
        return fail(error);
      }
      clearTimeout(timer);
      secured.removeAllListeners("error").removeAllListeners("close");
      resolve(secured);
    });
  });
}

/** A server that takes none of those that are offered ends the session: never the one alone. */
const CURVES = ["X25519", "prime256v1", "secp384r1"];

/** The group of a connection's key exchange; undefined when it is none of those that can be offered by name. */
export function curveOf(socket: tls.TLSSocket): string | undefined {
  const info = socket.getEphemeralKeyInfo();
  const name = info !== null && "name" in info ? info.name : undefined;
  return name !== undefined && CURVES.includes(name) ? name : undefined;
}

/** @throws SiteError `tls` that shows the certificate and the option that would trust it. */
function verify(socket: tls.TLSSocket, host: string, trust: Trust): void {
  if (trust.insecure) return;
  const shown = certificateOf(socket);
  const fingerprint = shown?.fingerprint ?? "";
  if (trust.fingerprint !== undefined) {
    if (fingerprint === trust.fingerprint) return;
    throw changed(host, trust.fingerprint, shown);
  }
  if (socket.authorized) return;
  if (!shown) throw untrusted(`Cannot trust "${host}": it shows no certificate`);
  throw untrusted(
    `Cannot trust the certificate of "${host}": ${shown.why} (${factsOf(shown)}). ` +
      `If it is the right one, add --tls-fingerprint ${fingerprint}`,
    shown,
  );
}

/** Told apart from one that was never trusted: somebody vouched for the other one. */
function changed(host: string, pinned: string, shown: ShownCertificate | undefined): SiteError {
  const now = shown ? `${shown.fingerprint} (${factsOf(shown)})` : "none at all";
  const advice = shown ? `. If it was renewed, give --tls-fingerprint ${shown.fingerprint}` : "";
  return untrusted(
    `The certificate of "${host}" has changed: it is not the one that --tls-fingerprint pins, and somebody may be in between. ` +
      `Pinned: ${pinned}. Shown: ${now}. Nothing was sent to it. Ask who runs the server${advice}`,
  );
}

function factsOf({ subject, issuer, validFrom, validTo }: ShownCertificate): string {
  return `subject "${subject}", issuer "${issuer}", valid ${validFrom} to ${validTo}`;
}

let known: string[] | undefined;

/** The authorities of the system and those that come with the runtime, plus the user's. */
function authorities(trust: Trust): string[] {
  known ??= [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
  return trust.authorities === undefined ? known : [...known, trust.authorities];
}

function untrusted(message: string, certificate?: ShownCertificate): SiteError {
  return new SiteError(message, { kind: "fatal", reason: "tls", certificate });
}

function handshakeFailed(host: string, cause: unknown): SiteError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const state = /WRONG_VERSION_NUMBER/i.test(words)
    ? "what answers there speaks no TLS. ftps:// wants implicit TLS (port 990); write ftpes:// for explicit TLS (port 21)"
    : `the TLS handshake failed (${words})`;
  return new SiteError(`Cannot encrypt the connection to "${host}": ${state}`, {
    kind: "transient",
    reason: "tls",
    cause,
  });
}
