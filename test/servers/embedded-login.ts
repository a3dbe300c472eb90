import type { Commands, SessionContext } from "./embedded-context.ts";
import { openDataChannel } from "./embedded-data.ts";
import { FACTS } from "./embedded-listing.ts";
import { Interruption } from "./embedded-replies.ts";

/** Commands about the session itself: login, TLS, modes, features, passive ports. */
export const LOGIN_COMMANDS: Commands = {
  USER: {
    isFreeOfLogin: true,
    run(session, argument) {
      if (session.isLoggedIn) return "530 Already logged in";
      if (session.server.options.requireTls && !session.isSecure) return "530 Sessions must use encryption";
      session.user = argument;
      return "331 Password required";
    },
  },
  PASS: {
    isFreeOfLogin: true,
    run(session, argument) {
      const { options, sessionsOpen } = session.server;
      if (session.user === undefined) return "503 Login with USER first";
      if (session.user !== (options.user ?? "alice") || argument !== (options.password ?? "secret")) {
        session.user = undefined;
        return "530 Login incorrect";
      }
      const tooMany = options.maxSessionsReply ?? "";
      if (!tooMany.startsWith("421") && tooMany !== "" && sessionsOpen() > (options.maxSessions ?? Infinity)) {
        session.afterReply = "end";
        return tooMany;
      }
      session.isLoggedIn = true;
      return "230 Logged in";
    },
  },
  AUTH: {
    isFreeOfLogin: true,
    run(session, argument) {
      if (session.server.options.tls !== "explicit") return "502 TLS is not available";
      if (session.isSecure) return "503 Already secured";
      if (!/^(TLS|TLS-C|SSL)$/i.test(argument)) return "504 Only AUTH TLS";
      session.afterReply = "upgrade";
      return "234 Proceed with TLS";
    },
  },
  PBSZ: { isFreeOfLogin: true, run: (session) => (session.isSecure ? "200 PBSZ=0" : "503 AUTH first") },
  PROT: {
    isFreeOfLogin: true,
    run(session, argument) {
      if (!session.isSecure) return "503 AUTH first";
      if (!/^[CP]$/i.test(argument)) return "536 Only PROT C and PROT P";
      session.protectData = argument.toUpperCase() === "P";
      return "200 Protection set";
    },
  },
  SYST: {
    isFreeOfLogin: true,
    run: (session) => (session.server.options.listFormat === "dos" ? "215 Windows_NT" : "215 UNIX Type: L8"),
  },
  FEAT: {
    isFreeOfLogin: true,
    feature: "feat",
    run: (session) =>
      `211-Features:\r\n${featuresOf(session)
        .map((line) => ` ${line}\r\n`)
        .join("")}211 End`,
  },
  OPTS: {
    isFreeOfLogin: true,
    run(session, argument) {
      const [name = "", value = ""] = argument.toUpperCase().split(" ");
      if (name === "UTF8" && session.server.features.utf8) return "200 UTF8 set";
      if (name === "MLST" && session.server.features.mlst) {
        session.facts = new Set(FACTS.filter((fact) => value.split(";").includes(fact.toUpperCase())));
        return `200 MLST OPTS ${[...session.facts].map((fact) => `${fact};`).join("")}`;
      }
      return "501 Option not understood";
    },
  },
  TYPE: {
    run(session, argument) {
      if (!/^(A( N)?|I|L 8)$/i.test(argument)) return "504 Only TYPE A and TYPE I";
      session.type = argument.toUpperCase().startsWith("A") ? "A" : "I";
      return `200 Type set to ${session.type}`;
    },
  },
  STRU: { run: (_, argument) => (/^F$/i.test(argument) ? "200 Structure set" : "504 Only STRU F") },
  MODE: { run: (_, argument) => (/^S$/i.test(argument) ? "200 Mode set" : "504 Only MODE S") },
  ALLO: { run: () => "202 No storage allocation needed" },
  NOOP: { isFreeOfLogin: true, run: () => "200 Nothing done" },
  HELP: { isFreeOfLogin: true, run: () => "214-The server for tests\r\n Most of RFC 959 and RFC 3659\r\n214 End" },
  REST: {
    feature: "rest",
    run(session, argument) {
      if (!/^\d+$/.test(argument)) return "501 Not a position";
      session.restartAtBytes = Number(argument);
      return `350 Restarting at ${argument}`;
    },
  },
  QUIT: {
    isFreeOfLogin: true,
    run(session) {
      session.afterReply = "end";
      return "221 Goodbye";
    },
  },
  EPSV: {
    feature: "epsv",
    async run(session, argument) {
      if (/^ALL$/i.test(argument)) return "200 EPSV only from here";
      return `229 Entering Extended Passive Mode (|||${await listen(session)}|)`;
    },
  },
  PASV: {
    async run(session) {
      const { host, options } = session.server;
      if (host.includes(":")) return "425 Only EPSV over IPv6";
      const port = await listen(session);
      const numbers = [...(options.passiveHost ?? host).split("."), port >> 8, port & 255];
      return `227 Entering Passive Mode (${numbers.join(",")})`;
    },
  },
};

function featuresOf({ server: { features, options } }: SessionContext): string[] {
  const lines = {
    "AUTH TLS": options.tls === "explicit",
    PBSZ: options.tls !== undefined && options.tls !== "off",
    PROT: options.tls !== undefined && options.tls !== "off",
    EPSV: features.epsv,
    PASV: true,
    MDTM: features.mdtm,
    MFMT: features.mfmt,
    [`MLST ${FACTS.map((fact) => `${fact}*;`).join("")}`]: features.mlst && features.mlsd,
    "REST STREAM": features.rest,
    SIZE: features.size,
    "SITE CHMOD": features.siteChmod,
    "SITE UTIME": features.siteUtime,
    TVFS: true,
    UTF8: features.utf8,
    XSHA1: features.xsha1,
  };
  return Object.entries(lines).flatMap(([line, isOn]) => (isOn ? [line] : []));
}

async function listen(session: SessionContext): Promise<number> {
  session.data?.close();
  session.data = await openDataChannel(session.server.host).catch(() => {
    throw new Interruption("425 Can't open a passive port");
  });
  return session.data.port;
}
