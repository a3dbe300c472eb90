import { certificate } from "../servers/certificates.ts";
import { startEmbeddedServer } from "../servers/embedded.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import type { TlsMode } from "../servers/server.ts";
import { describeSite } from "./site-contract.ts";

const TLS_MODES: TlsMode[] = ["off", "explicit", "implicit"];

for (const tls of TLS_MODES) {
  describeSite(`embedded, TLS ${tls}`, () =>
    startEmbeddedServer({ tls, requireTlsReuse: tls !== "off", certificate: certificate() }),
  );
}

for (const kind of REAL_SERVERS) {
  const missing = whyMissing(kind);
  if (missing !== undefined && process.env.MIROIR_REQUIRE_ALL === "1")
    throw new Error(`Cannot test on "${kind}": ${missing}`);
  if (missing !== undefined) continue;
  for (const tls of TLS_MODES) {
    // Pure-FTPd has no implicit TLS.
    if (kind !== "pure-ftpd" || tls !== "implicit")
      describeSite(`${kind}, TLS ${tls}`, () => startRealServer(kind, { tls }));
  }
}
