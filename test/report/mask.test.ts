import { expect, test } from "bun:test";
import { createMask, createTextMask } from "../../src/report/mask.ts";

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

const SENTENCE = 'Cannot store "ax/x-ray.txt": the server answered 552 (exceeded). Free space there';

test.each([
  { secret: "x", text: SENTENCE, want: SENTENCE.replace("x-ray", "***-ray") },
  { secret: "e", text: SENTENCE, want: SENTENCE },
  { secret: "5", text: SENTENCE, want: SENTENCE },
  { secret: ".", text: SENTENCE, want: SENTENCE },
  { secret: "-", text: SENTENCE, want: SENTENCE },
  { secret: " ", text: SENTENCE, want: SENTENCE },
  { secret: "the", text: "the server, other", want: "*** server, other" },
  { secret: "x", text: "> PASS x", want: "> PASS ***" },
  { secret: ".", text: "> PASS .", want: "> PASS ***" },
  { secret: " ", text: "> PASS  ", want: "> PASS ***" },
  { secret: "a-", text: '530 no such password: "a-"', want: '530 no such password: "***"' },
  { secret: "x", text: "530 Login incorrect (x), <x>, alice:x", want: "530 Login incorrect (***), <***>, alice:***" },
  { secret: "x", text: "ftp://alice:x@example.org/x", want: "ftp://alice:***@example.org/***" },
  { secret: "@", text: "ftp://alice:%40@example.org", want: "ftp://alice:***@example.org" },
  { secret: "é", text: "ftp://alice:%C3%A9@example.org été", want: "ftp://alice:***@example.org été" },
  { secret: "x", text: "eA== area eA", want: "*** area ***" },
])("createTextMask() hides $secret where it stands by itself: $text", ({ secret, text, want }) => {
  expect(createTextMask([secret])(text)).toBe(want);
  expect(createMask([secret])({ event: "warn", detail: text }).detail).toBe(want);
});

test("createMask() hides a short secret in an address, whatever the field", () => {
  const record = { event: "start", site: "ftp://u:x@h/x", path: "x" } as const;
  expect(createMask(["x"])(record)).toMatchObject({ site: "ftp://u:***@h/x", path: "x" });
});

test("createTextMask() hides a short secret beside a long one that holds it", () => {
  expect(createTextMask(["b", "a b c"])("PASS a b c, PASS b")).toBe("PASS ***, PASS ***");
});
