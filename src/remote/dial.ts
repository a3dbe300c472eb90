import { connect, isIP, type Socket } from "node:net";
import { SiteError } from "./site.ts";

/** Opens a TCP connection. @throws SiteError `unreachable` */
export function dial(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (cause: NodeJS.ErrnoException | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      reject(dialFailed(host, port, timeoutMs, cause));
    };
    const timer = setTimeout(() => fail(undefined), timeoutMs);
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** @param cause undefined when nothing answered in time */
export function dialFailed(host: string, port: number, timeoutMs: number, cause?: NodeJS.ErrnoException): SiteError {
  const words = cause === undefined ? `no answer in ${timeoutMs / 1000} s` : meaning(cause, host);
  return new SiteError(`Cannot connect to "${host}" port ${port}: ${words}`, {
    kind: "transient",
    reason: "unreachable",
    cause,
  });
}

function meaning(error: NodeJS.ErrnoException, host: string): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "nothing listens there. Check the port and that the FTP server runs";
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
    case "DNS_ENOTFOUND":
      return isIP(host) ? error.message : "no such host is known. Check the name and the network";
    case "ETIMEDOUT":
      return "no answer. A firewall may be in the way";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "there is no network path to it";
    default:
      return error.message || error.code || "the connection failed";
  }
}
