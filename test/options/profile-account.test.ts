import { expect, test } from "bun:test";
import { parseProfiles } from "../../src/options/profile.ts";
import { isAccountOf } from "../../src/options/profile-account.ts";

const ALICE = { host: "example.org", port: 21, user: "alice" };

test.each([
  { profile: 'site = "ftp://alice@example.org/www"', address: ALICE, want: true },
  { profile: 'site = "ftp://alice@EXAMPLE.org"', address: { ...ALICE, port: 990 }, want: true },
  { profile: 'site = "ftp://alice@bücher.example"', address: { ...ALICE, host: "xn--bcher-kva.example" }, want: true },
  { profile: 'site = "ftp://alice@[::1]"', address: { ...ALICE, host: "::1" }, want: true },
  { profile: 'site = "ftp://alice@example.org"', address: { ...ALICE, host: "example.com" }, want: false },
  { profile: 'site = "ftp://alice@example.org"', address: { ...ALICE, user: "bob" }, want: false },
  { profile: 'site = "ftp://alice@example.org"', address: { ...ALICE, port: 2121 }, want: false },
  { profile: 'site = "ftp://alice@example.org:2121"', address: { ...ALICE, port: 2121 }, want: true },
  { profile: 'site = "ftp://example.org"', address: ALICE, want: false },
  { profile: 'site = "ftp://example.org"\nuser = "alice"', address: ALICE, want: true },
  { profile: 'host = "example.org"\nuser = "alice"', address: ALICE, want: true },
  { profile: 'host = "example.org"\nuser = "alice"', address: { ...ALICE, host: "example.com" }, want: false },
  { profile: 'host = "example.org"', address: ALICE, want: true },
  { profile: 'user = "alice"', address: { ...ALICE, user: "bob" }, want: false },
  { profile: "depth = 3", address: ALICE, want: true },
])("isAccountOf(): $profile and $address: $want", ({ profile, address, want }) => {
  const [parsed] = parseProfiles(`[shop]\n${profile}\n`, { file: "/etc/config.toml", home: "/home/alice" });
  expect(parsed && isAccountOf(parsed, address)).toBe(want);
});
