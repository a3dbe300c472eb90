import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseProfiles } from "../../src/options/profile.ts";
import { optionLines, profileText, tomlText, withProfile } from "../../src/options/profile-text.ts";
import { parseCommandLine } from "../../src/options/resolve.ts";

const PLACE = { file: "/etc/miroir/config.toml", home: "/home/alice" };
const PROFILE = {
  name: "website",
  folder: "/home/alice/website",
  site: "ftpes://alice@example.org/www",
  passwordFile: "website.password",
  log: "/var/log/website.log",
  options: [],
};

const namesIn = (text: string) => parseProfiles(text, PLACE).map(({ name }) => name);

describe("profileText()", () => {
  test("reads back as what it was written from", () => {
    expect(parseProfiles(profileText(PROFILE), PLACE)).toMatchObject([
      {
        name: "website",
        folder: PROFILE.folder,
        site: PROFILE.site,
        given: [
          { name: "password-file", value: "/etc/miroir/website.password" },
          { name: "log", value: "/var/log/website.log" },
        ],
      },
    ]);
  });

  test("suggests only what can be used as it stands", () => {
    const text = profileText(PROFILE);
    const suggested = text.match(/^# [a-z-]+ = .*$/gm) ?? [];
    expect(suggested.length).toBeGreaterThan(3);
    const used = suggested.reduce((all, line) => all.replace(line, line.slice(2)), text);
    expect(parseProfiles(used, PLACE)[0]?.given.length).toBeGreaterThan(suggested.length + 1);
  });

  test("has any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
        expect(namesIn(profileText({ ...PROFILE, name }))).toEqual([name]);
      }),
    );
  });
});

test("tomlText() reads back as the same text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary-ascii" })), (text) => {
      const [profile] = parseProfiles(`[a]\nrules = [${tomlText(`x${text.replaceAll("\0", "")}`)}]`, PLACE);
      expect(profile?.given[0]?.value).toMatchObject({ value: `x${text.replaceAll("\0", "")}` });
    }),
  );
  expect(tomlText("C:\\Users\\Alice")).toBe("'C:\\Users\\Alice'");
});

test("optionLines() writes what the command line gives, so that the profile gives the same", () => {
  const given = ["--depth", "unlimited", "--interval", "5", "--max-delete", "20", "--no-progress", "--debug=no"];
  const rules = ["--exclude", "*.bak", "--include", "keep.bak", "--ignore-file", "r.txt", "--exclude", "!odd"];
  const apart = ["--password", "x", "--host", "h", "--user", "u", "--config", "/c", "--log", "l"];
  const argv = ["init", "f", ...given, ...rules, ...apart];
  const invocation = parseCommandLine(argv, { MIROIR_RETRIES: "9" });
  if (invocation.command !== "init") throw new Error(`asked for ${invocation.command}`);
  const lines = optionLines(invocation.options, invocation.sources, (file) => `/abs/${file}`);
  const [profile] = parseProfiles(["[a]", ...lines].join("\n"), PLACE);
  const values = profile?.given.map(({ name, value }) => [name, value]);
  expect(values).toEqual([
    ["depth", Number.POSITIVE_INFINITY],
    ["max-delete", { kind: "count", count: 20 }],
    ["interval", 5000],
    ["debug", false],
    ["no-progress", false],
    ["exclude", { kind: "exclude", value: "*.bak" }],
    ["include", { kind: "include", value: "keep.bak" }],
    ["ignore-file", { kind: "ignore-file", value: "/abs/r.txt" }],
    ["include", { kind: "include", value: "odd" }],
  ]);
});

describe("withProfile()", () => {
  const added = "[b]\nretries = 9\n";

  test.each([
    { name: "an empty file", text: "", rest: [] },
    { name: "a file without a line feed at its end", text: "[a]\ndepth = 1", rest: ["a"] },
    { name: "dotted keys", text: "a.depth = 1\n", rest: ["a"] },
  ])("adds to $name", ({ text, rest }) => {
    const now = withProfile(text, "b", added);
    expect(now).toContain(text);
    expect(namesIn(now).sort()).toEqual([...rest, "b"]);
  });

  test.each([
    { name: "in the middle", text: "[a]\ndepth = 1\n\n[b]\ndepth = 2\n# of b\n\n# of c\n[c]\ndepth = 3\n" },
    { name: "at the end", text: "# of c\n[c]\ndepth = 3\n[a]\ndepth = 1\n[b]\ndepth = 2\n" },
    { name: "in a group", text: "[profiles.b]\ndepth = 2\n# of c\n[profiles.c]\ndepth = 3\n[a]\ndepth = 1\n" },
    { name: "alone", text: "[b]\ndepth = 2\n" },
  ])("replaces the table $name, and leaves the others and what is said of them", ({ text }) => {
    const now = withProfile(text, "b", added);
    const depths = (given: string) =>
      Object.fromEntries(
        parseProfiles(given, PLACE)
          .filter(({ name }) => name !== "b")
          .map(({ name, given }) => [name, given]),
      );
    expect(depths(now)).toEqual(depths(text));
    expect(namesIn(now).filter((name) => name === "b")).toEqual(["b"]);
    expect(now).not.toContain("depth = 2");
    expect(now.includes("# of c")).toBe(text.includes("# of c"));
    expect(now).not.toContain("# of b");
  });

  test.each([
    "b.depth = 1\n",
    "b = { depth = 1 }\n",
    "[a]\n[profiles]\nb.depth = 1\n",
  ])("does not touch a profile that is no table of its own: %j", (text) =>
    expect(() => withProfile(text, "b", added)).toThrow("it is not a table of its own"));
});
