/** What Explorer shows of the Windows executable: icon and version. */
import { createRequire } from "node:module";
import { ICON_SIZES, iconPng } from "./icon.ts";

/** What is used of resedit. Its own types would bring those of browsers into the whole project. */
interface Resedit {
  NtExecutable: { from(bytes: Uint8Array, options: { ignoreCert: boolean }): { generate(): ArrayBuffer } };
  NtExecutableResource: { from(file: unknown): Resources };
  Data: { RawIconItem: { from(png: ArrayBuffer, width: number, height: number, bits: number): unknown } };
  Resource: {
    IconGroupEntry: {
      fromEntries(entries: unknown[]): Array<{ id: number | string; lang: number | string }>;
      replaceIconsForResource(entries: unknown[], id: number | string, lang: number | string, icons: unknown[]): void;
    };
    VersionInfo: {
      fromEntries(entries: unknown[]): Array<{ lang: number | string }>;
      create(lang: number, fixed: object, strings: object[]): { outputToResourceEntries(entries: unknown[]): void };
    };
  };
}

interface Resources {
  entries: unknown[];
  removeResourceEntry(type: number, id: number, lang: number | string): void;
  outputResource(file: unknown): void;
}

const { Data, NtExecutable, NtExecutableResource, Resource }: Resedit = createRequire(import.meta.url)("resedit");

const US_ENGLISH = 0x409;
const UNICODE = 1200;
const RT_VERSION = 16;
const VFT_APP = 1;
const VOS_NT_WINDOWS32 = 0x40004;

export interface ProductInfo {
  /** `1.2.3`, with or without a suffix. */
  version: string;
  description: string;
  /** The version as a person reads it, commit and date included. */
  fullVersion: string;
}

/**
 * The executable of the runtime with the resources of miroir instead of its own. It has to be done before the program
 * is put into it: what follows the sections would not survive the editing.
 */
export function withResources(executable: Uint8Array, product: ProductInfo): Uint8Array {
  const file = NtExecutable.from(executable, { ignoreCert: true });
  const resources = NtExecutableResource.from(file);
  const groups = Resource.IconGroupEntry.fromEntries(resources.entries);
  const group = groups[0] ?? { id: 1, lang: US_ENGLISH };
  const icons = ICON_SIZES.map((size) => Data.RawIconItem.from(arrayBuffer(iconPng(size)), size, size, 32));
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, group.id, group.lang, icons);

  for (const old of Resource.VersionInfo.fromEntries(resources.entries))
    resources.removeResourceEntry(RT_VERSION, 1, old.lang);
  const { most, least } = fixedVersion(product.version);
  const fixed = { fileVersionMS: most, fileVersionLS: least, productVersionMS: most, productVersionLS: least };
  const info = Resource.VersionInfo.create(
    US_ENGLISH,
    { ...fixed, fileFlagsMask: 0x3f, fileOS: VOS_NT_WINDOWS32, fileType: VFT_APP },
    [
      {
        lang: US_ENGLISH,
        codepage: UNICODE,
        values: {
          FileDescription: product.description,
          FileVersion: product.version,
          InternalName: "miroir",
          OriginalFilename: "miroir.exe",
          ProductName: "miroir",
          ProductVersion: product.fullVersion,
        },
      },
    ],
  );
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(file);
  return new Uint8Array(file.generate());
}

function fixedVersion(version: string): { most: number; least: number } {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  return { most: (major << 16) | minor, least: patch << 16 };
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
