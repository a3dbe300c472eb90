/**
 * What a test waits for takes a second or two. Only what hangs takes this long, on the busiest machine and in a program
 * that is emulated.
 */
export const PATIENCE_MS = 150_000;
/** Of one test as a whole, for the runner: several such waits. */
export const TEST_TIMEOUT_MS = 2 * PATIENCE_MS;
