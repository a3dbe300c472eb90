import { certificate } from "../servers/certificates.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "../servers/embedded.ts";

/** The embedded server for `await using`: it stops with the block that started it. */
export async function embedded(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer & AsyncDisposable> {
  const server = await startEmbeddedServer({ certificate: certificate(), ...options });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

/** The verbs a server received, in order. */
export const verbsOf = (server: EmbeddedServer) => server.commands.map(({ text }) => text.split(" ", 1)[0] ?? "");
