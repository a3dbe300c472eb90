import { describe, expect, test } from "bun:test";
import { delayMs, isWorthRetrying, withRetries } from "../../src/mirror/retry.ts";
import { type ErrorKind, SiteError } from "../../src/remote/site.ts";

const errorOf = (kind: ErrorKind) => new SiteError(kind, { kind, reason: "refused" });

/** Fails as told, then succeeds. */
async function attempt(kinds: readonly (ErrorKind | "bug")[], retries: number, isStopped: () => boolean = () => false) {
  const left = [...kinds];
  const told: number[] = [];
  const delaysMs: number[] = [];
  let tries = 0;
  const result = await withRetries(
    async () => {
      tries++;
      const kind = left.shift();
      if (kind === "bug") throw new TypeError("bug");
      if (kind) throw errorOf(kind);
      return "done";
    },
    {
      retries,
      isStopped,
      random: () => 0.5,
      monotonicMs: () => 0,
      async sleep(ms) {
        delaysMs.push(ms);
      },
    },
    (_, tryNumber) => void told.push(tryNumber),
  ).catch((error: unknown) => error);
  return { result, tries, told, delaysMs };
}

describe("withRetries()", () => {
  test.each<{ kinds: (ErrorKind | "bug")[]; retries: number; want: unknown; tries: number }>([
    { kinds: [], retries: 3, want: "done", tries: 1 },
    { kinds: ["transient"], retries: 3, want: "done", tries: 2 },
    { kinds: ["unknown", "transient", "transient"], retries: 3, want: "done", tries: 4 },
    { kinds: ["transient", "transient"], retries: 1, want: errorOf("transient"), tries: 2 },
    { kinds: ["transient"], retries: 0, want: errorOf("transient"), tries: 1 },
    { kinds: ["permanent"], retries: 3, want: errorOf("permanent"), tries: 1 },
    { kinds: ["fatal"], retries: 3, want: errorOf("fatal"), tries: 1 },
    { kinds: ["transient", "permanent"], retries: 3, want: errorOf("permanent"), tries: 2 },
    { kinds: ["bug"], retries: 3, want: new TypeError("bug"), tries: 1 },
  ])("$kinds with $retries retries: $tries tries", async ({ kinds, retries, want, tries }) => {
    const done = await attempt(kinds, retries);
    expect(done.result).toEqual(want);
    expect(done.tries).toBe(tries);
    expect(done.told).toEqual(Array.from({ length: done.delaysMs.length }, (_, at) => at + 1));
  });

  test("waits longer each time, and not at all after a stop", async () => {
    const { delaysMs } = await attempt(["transient", "transient", "transient", "transient"], 4);
    expect(delaysMs).toEqual([300, 600, 1200, 2400]);
    expect((await attempt(["transient"], 4, () => true)).tries).toBe(1);
  });
});

describe("delayMs()", () => {
  test("doubles up to 10 s, with half as much jitter to each side", () => {
    expect([0, 1, 2, 10, 60].map((number) => delayMs(number, () => 0.5))).toEqual([300, 600, 1200, 10_000, 10_000]);
    expect([delayMs(0, () => 0), delayMs(0, () => 0.999)].map(Math.round)).toEqual([150, 450]);
  });
});

describe("isWorthRetrying()", () => {
  test.each([
    ["transient", true],
    ["unknown", true],
    ["permanent", false],
    ["fatal", false],
  ] as const)("%s: %p", (kind, want) => {
    expect(isWorthRetrying(errorOf(kind))).toBe(want);
  });

  test("any other error: false", () => {
    expect(isWorthRetrying(new Error("x"))).toBe(false);
  });
});
