import type tls from "node:tls";
import type { ShownCertificate } from "./site.ts";

/** What a server's certificate says of itself; undefined for a server that shows none. */
export function certificateOf(socket: tls.TLSSocket): ShownCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  if (!certificate?.subject) return undefined;
  return {
    why: socket.authorized ? undefined : meaning(socket.authorizationError),
    subject: nameIn(certificate.subject),
    issuer: nameIn(certificate.issuer),
    validFrom: certificate.valid_from,
    validTo: certificate.valid_to,
    fingerprint: (certificate.fingerprint256 ?? "").replaceAll(":", "").toLowerCase(),
    protocol: socket.getProtocol() ?? "TLS",
  };
}

const MEANINGS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is not a known one",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its authority is not a known one",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is not a known one",
  UNABLE_TO_GET_ISSUER_CERT: "its authority is not a known one",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "it was made for another host name",
};

function meaning(error: unknown): string {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  return MEANINGS[code] ?? code;
}

function nameIn(distinguishedName: tls.Certificate | undefined): string {
  const name = distinguishedName?.CN ?? distinguishedName?.O ?? "";
  return Array.isArray(name) ? name.join(", ") : name;
}
