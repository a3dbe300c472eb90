import { describe, expect, test } from "bun:test";
import { configurationFile, folderIdentity, mirrorIdentity, stateFolder } from "../../src/state/folders.ts";

test.each([
  { name: "linux", env: {}, want: "/home/ann/.local/state/miroir" },
  { name: "linux", env: { XDG_STATE_HOME: "/var/ann" }, want: "/var/ann/miroir" },
  { name: "linux", env: { XDG_STATE_HOME: "relative" }, want: "/home/ann/.local/state/miroir" },
  { name: "linux", env: { XDG_STATE_HOME: "" }, want: "/home/ann/.local/state/miroir" },
  { name: "darwin", env: { XDG_STATE_HOME: "/x" }, want: "/home/ann/Library/Application Support/miroir" },
] as const)("stateFolder() on $name with $env is $want", ({ name, env, want }) => {
  expect(stateFolder({ platform: name, env, home: "/home/ann" })).toBe(want);
});

test.each([
  { env: { LOCALAPPDATA: "D:\\Local" }, want: "D:\\Local\\miroir" },
  { env: {}, want: "C:\\Users\\ann\\AppData\\Local\\miroir" },
])("stateFolder() on Windows with $env is $want", ({ env, want }) => {
  expect(stateFolder({ platform: "win32", env, home: "C:\\Users\\ann" })).toBe(want);
});

test.each([
  { name: "linux", env: {}, want: "/home/ann/.config/miroir/config.toml" },
  { name: "linux", env: { XDG_CONFIG_HOME: "/etc/ann" }, want: "/etc/ann/miroir/config.toml" },
  { name: "linux", env: { XDG_CONFIG_HOME: "relative" }, want: "/home/ann/.config/miroir/config.toml" },
  { name: "darwin", env: {}, want: "/home/ann/Library/Application Support/miroir/config.toml" },
  { name: "win32", env: { APPDATA: "D:\\Roaming" }, want: "D:\\Roaming\\miroir\\config.toml" },
  { name: "win32", env: {}, want: "\\home\\ann\\AppData\\Roaming\\miroir\\config.toml" },
] as const)("configurationFile() on $name with $env is $want", ({ name, env, want }) => {
  expect(configurationFile({ platform: name, env, home: "/home/ann" })).toBe(want);
});

describe("mirrorIdentity()", () => {
  const site = "ftp://ann@host:21/www";

  test.each([
    { folder: "/home/ann/Web Site", want: /^Web-Site-[0-9a-f]{12}$/ },
    { folder: "/home/ann/Été", want: /^Ete-[0-9a-f]{12}$/ },
    { folder: "/home/ann/网站", want: /^root-[0-9a-f]{12}$/ },
    { folder: "/", want: /^root-[0-9a-f]{12}$/ },
    { folder: `/home/${"a".repeat(255)}`, want: /^a{40}-[0-9a-f]{12}$/ },
  ])("names $folder readably", ({ folder, want }) => {
    expect(mirrorIdentity(folder, site, "linux")).toMatch(want);
  });

  test("is the same at every call", () => {
    expect(mirrorIdentity("/srv/www", site, "linux")).toBe("www-10bc7bceecc3");
  });

  test("differs by folder and by site", () => {
    const names = [
      mirrorIdentity("/a/www", site, "linux"),
      mirrorIdentity("/b/www", site, "linux"),
      mirrorIdentity("/a/www", "ftp://bob@host:21/www", "linux"),
      mirrorIdentity("/a/WWW", site, "linux"),
    ];
    expect(new Set(names).size).toBe(4);
  });

  test("ignores case on Windows only", () => {
    expect(mirrorIdentity("C:\\Web", site, "win32")).toBe(mirrorIdentity("c:\\WEB", site, "win32"));
  });
});

test.each([
  { folder: "C:\\Web", platform: "win32", want: "c:\\web" },
  { folder: "\\\\?\\C:\\Web", platform: "win32", want: "c:\\web" },
  { folder: "\\\\?\\UNC\\Server\\Web", platform: "win32", want: "\\\\server\\web" },
  { folder: "\\\\Server\\Web", platform: "win32", want: "\\\\server\\web" },
  { folder: "\\\\?\\Volume{1}\\Web", platform: "win32", want: "\\\\?\\volume{1}\\web" },
  { folder: "/home/Web", platform: "linux", want: "/home/Web" },
] as const)("folderIdentity() of $folder is $want", ({ folder, platform, want }) => {
  expect(folderIdentity(folder, platform)).toBe(want);
});
