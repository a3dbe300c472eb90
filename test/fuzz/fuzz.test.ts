import { expect, test } from "bun:test";
import fc from "fast-check";
import { PROPERTIES } from "./properties.ts";

test.each(Object.entries(PROPERTIES))("%s", async (_, property) => {
  const result = await fc.check(property(), { numRuns: 300 });
  expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined();
});
