import { expect, test } from "bun:test";
import { hiddenArguments } from "../../src/process/process-list.ts";

const line = (...args: string[]) => Buffer.from(args.map((arg) => `${arg}\0`).join(""));

test.each([
  {
    args: ["miroir", "sync", "--password", "hunter2", "x"],
    want: ["miroir", "sync", "--password", "***\0\0\0\0", "x"],
  },
  { args: ["miroir", "--password=hunter2"], want: ["miroir", "--password=***\0\0\0\0"] },
  { args: ["miroir", "ftp://a:hunter2@h/d"], want: ["miroir", "ftp://a:***@h/d\0\0\0\0"] },
  { args: ["miroir", "ftp://a:hun@ter:2@h"], want: ["miroir", "ftp://a:***@h\0\0\0\0\0\0"] },
  { args: ["miroir", "ftp://a:pw@h"], want: ["miroir", "ftp://a:***@"] },
  { args: ["miroir", "--password", "été"], want: ["miroir", "--password", "***\0\0"] },
  { args: ["miroir", "--password", "x"], want: ["miroir", "--password", "*"] },
  { args: ["miroir", "--password", ""], want: ["miroir", "--password", ""] },
  { args: ["miroir", "--password-file", "f", "a:b@c"], want: ["miroir", "--password-file", "f", "a:b@c"] },
])("hiddenArguments() of $args", ({ args, want }) => {
  expect(hiddenArguments(line(...args)).toString("latin1")).toBe(line(...want).toString("latin1"));
});
