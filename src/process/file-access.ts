import { type ExposureOf, exposureByMode } from "../options/exposure.ts";
import { thisPlatform } from "../state/folders.ts";
import { accessOf } from "../windows/security.ts";

/** Who else may read a file, by the means of this system. */
export const exposureOf: ExposureOf = (file, mode) => {
  if (thisPlatform() !== "win32") return exposureByMode(file, mode);
  const access = accessOf(file);
  return access && { to: access.readers.map(({ name }) => name).join(", "), remedy: access.command };
};
