import { ofThisPart } from "../part.ts";
import { certificate } from "../servers/certificates.ts";
import { startEmbeddedServer } from "../servers/embedded.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import type { TestServer, TlsMode } from "../servers/server.ts";
import { describeSite } from "./site-contract.ts";

const TLS_MODES: TlsMode[] = ["off", "explicit", "implicit"];

interface Combination {
  name: string;
  start(): Promise<TestServer>;
}

const embedded = TLS_MODES.map(
  (tls): Combination => ({
    name: `embedded, TLS ${tls}`,
    start: () => startEmbeddedServer({ tls, requireTlsReuse: tls !== "off", certificate: certificate() }),
  }),
);

/** Rows of uploads go out otherwise on a server that is taken for vsftpd. */
const greetings = (["off", "explicit"] as const).map(
  (tls): Combination => ({
    name: `embedded, by the name of vsFTPd, TLS ${tls}`,
    start: () =>
      startEmbeddedServer({
        ...{ tls, certificate: certificate() },
        faults: [{ command: "GREETING", reply: "220 (vsFTPd 3.0.3)", times: Number.POSITIVE_INFINITY }],
      }),
  }),
);

const real = REAL_SERVERS.flatMap((kind): Combination[] => {
  const missing = whyMissing(kind);
  if (missing !== undefined && process.env.MIROIR_REQUIRE_ALL === "1")
    throw new Error(`Cannot test on "${kind}": ${missing}`);
  if (missing !== undefined) return [];
  // Pure-FTPd has no implicit TLS.
  const modes = TLS_MODES.filter((tls) => kind !== "pure-ftpd" || tls !== "implicit");
  return modes.map((tls) => ({ name: `${kind}, TLS ${tls}`, start: () => startRealServer(kind, { tls }) }));
});

for (const { name, start } of ofThisPart([...embedded, ...greetings, ...real])) describeSite(name, start);
