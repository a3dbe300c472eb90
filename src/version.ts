import { version } from "../package.json" with { type: "json" };

/** The build puts them in; they are missing when the sources run by themselves. */
declare const BUILD_COMMIT: string | undefined;
declare const BUILD_DATE: string | undefined;

export const VERSION: string = version;

/** With the commit it was built from and that commit's date: `0.1.0 (1c9f2a7b03de, 2026-11-24)`. */
export const FULL_VERSION: string =
  typeof BUILD_COMMIT === "string" && typeof BUILD_DATE === "string"
    ? `${version} (${BUILD_COMMIT}, ${BUILD_DATE})`
    : version;
