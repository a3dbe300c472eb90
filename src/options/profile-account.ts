import { parseFtpUrl } from "./ftp-url.ts";
import { merge } from "./layers.ts";
import type { Profile } from "./profile.ts";
import { readHost, type SiteAddress, USUAL_PORTS } from "./site-address.ts";

/**
 * Whether `address` is the account that a profile is about: its password goes to no other. A profile that names no site
 * is about any. @throws UsageError when its site cannot be read
 */
export function isAccountOf({ site, given }: Profile, address: Pick<SiteAddress, "host" | "port" | "user">): boolean {
  const { options } = merge(given);
  const url = site === undefined ? undefined : parseFtpUrl(site);
  const host = url?.host ?? options.host;
  const user = url?.user ?? options.user ?? (url && "anonymous");
  const port = url?.port ?? options.port;
  if (user !== undefined && user !== address.user) return false;
  if (host === undefined) return true;
  const isPort = port === undefined ? USUAL_PORTS.includes(address.port) : port === address.port;
  return isPort && readHost(host, url !== undefined) === address.host;
}
