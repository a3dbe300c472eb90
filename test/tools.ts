/** Whether a test that runs these programs of the system has to be left out; where nothing may be, it fails instead. */
export function isWithout(...programs: string[]): boolean {
  return process.env.MIROIR_REQUIRE_ALL !== "1" && programs.some((program) => Bun.which(program) === null);
}
