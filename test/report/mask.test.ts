import { expect, test } from "bun:test";
import { createMask } from "../../src/report/mask.ts";

test.each([
  { secret: "hunter2", detail: "PASS hunter2", want: "PASS ***" },
  { secret: "hunter2", detail: "hunter2hunter2", want: "******" },
  { secret: "p@ss/w:rd", detail: "ftp://a:p%40ss%2fw%3Ard@h", want: "ftp://a:***@h" },
  { secret: "a!b c", detail: "a%21b%20c a!b+c", want: "*** ***" },
  { secret: "été!", detail: "%C3%A9t%c3%a9! été!", want: "*** ***" },
  { secret: "hunter2", detail: "aHVudGVyMg== aHVudGVyMg", want: "*** ***" },
  { secret: "(a|b)*[c]\\d+$", detail: "x (a|b)*[c]\\d+$ y", want: "x *** y" },
  { secret: "hunter2", detail: `auth ${Buffer.from("alice:hunter2").toString("base64")}`, want: "auth YWxpY2U***" },
  {
    secret: "hunter2",
    detail: `auth ${Buffer.from("\0bob\0hunter2!").toString("base64")}`,
    want: "auth AGJvYg***Q==",
  },
  { secret: "p?>~?p", detail: `${Buffer.from("p?>~?p").toString("base64url")} cD8+fj9w`, want: "*** ***" },
  { secret: "x", detail: "PASS x", want: "PASS ***" },
  { secret: "", detail: "PASS ", want: "PASS " },
])("createMask() hides $secret in $detail", ({ secret, detail, want }) => {
  expect(createMask([secret])({ event: "ftp", detail }).detail).toBe(want);
});

test("createMask() hides the longer of two secrets whole", () => {
  expect(createMask(["pass", "password"])({ event: "ftp", detail: "password" }).detail).toBe("***");
});

test("createMask() hides a secret in every field of free text", () => {
  const record = {
    event: "start",
    path: "a/hunter2",
    from: "hunter2",
    site: "ftp://u:hunter2@h",
    note: "hunter2",
  } as const;
  expect(JSON.stringify(createMask(["hunter2"])(record))).not.toContain("hunter2");
});

test("createMask() leaves closed lists and paths beside a short secret readable", () => {
  const record = { event: "fail", path: "ax/x", reason: "size", sha1: "size", detail: "ab" } as const;
  expect(createMask(["size", "x"])(record)).toEqual(record);
});
