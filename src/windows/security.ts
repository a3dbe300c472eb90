import { dlopen, FFIType, type Pointer, toArrayBuffer } from "bun:ffi";
import { existsSync } from "node:fs";
import { dirname, resolve, win32 } from "node:path";
import { otherReaders, privateDescriptor } from "./descriptor.ts";

const { ptr: address, u32, i32 } = FFIType;
/** SDDL_REVISION_1 */
const REVISION = 1;
const OWNER_AND_LIST = 0x1 | 0x4;
const TOKEN_QUERY = 0x8;
/** TOKEN_INFORMATION_CLASS TokenUser */
const TOKEN_USER = 1;
const CREATE_NEW = 1;
const GENERIC_WRITE = 0x40000000;
const NORMAL = 0x80;
/** Of a SECURITY_ATTRIBUTES. */
const ATTRIBUTES_BYTES = 24n;
const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn;

/** Loaded when it is first needed: no other system has these libraries. */
function load() {
  const security = dlopen("advapi32.dll", {
    GetFileSecurityW: { args: [address, u32, address, u32, address], returns: i32 },
    ConvertSecurityDescriptorToStringSecurityDescriptorW: {
      args: [address, u32, u32, address, address],
      returns: i32,
    },
    ConvertStringSecurityDescriptorToSecurityDescriptorW: { args: [address, u32, address, address], returns: i32 },
    ConvertStringSidToSidW: { args: [address, address], returns: i32 },
    ConvertSidToStringSidW: { args: [address, address], returns: i32 },
    LookupAccountSidW: { args: [address, address, address, address, address, address, address], returns: i32 },
    OpenProcessToken: { args: [FFIType.u64, u32, address], returns: i32 },
    GetTokenInformation: { args: [FFIType.u64, u32, address, u32, address], returns: i32 },
  }).symbols;
  const kernel = dlopen("kernel32.dll", {
    GetCurrentProcess: { args: [], returns: FFIType.u64 },
    CloseHandle: { args: [FFIType.u64], returns: i32 },
    LocalFree: { args: [address], returns: address },
    lstrlenW: { args: [address], returns: i32 },
    CreateDirectoryW: { args: [address, address], returns: i32 },
    CreateFileW: { args: [address, u32, u32, address, u32, u32, address], returns: FFIType.u64 },
  }).symbols;
  return { ...security, ...kernel };
}

let loaded: ReturnType<typeof load> | undefined;
function system(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}

/** An account that may read what it should not. */
export interface Reader {
  /** `S-1-1-0` */
  sid: string;
  /** `Everyone`, as this system calls it. */
  name: string;
}

/** Who else may read a file, and how that ends. */
export interface Access {
  readers: Reader[];
  /** What takes their access away. */
  command: string;
}

/**
 * Whether accounts other than its owner, the present one, the system and administrators may read a file; undefined
 * where none may, or the system does not tell.
 */
export function accessOf(file: string): Access | undefined {
  try {
    const descriptor = descriptorOf(file);
    const user = presentUser();
    const readers = otherReaders(descriptor, user).map(readerOf);
    if (readers.length === 0) return undefined;
    // Accounts by number: their names are translated.
    const others = readers.map(({ sid }) => `*${sid}`).join(" ");
    const command = `icacls "${resolve(file)}" /inheritance:r /grant:r *${user}:F /remove:g ${others}`;
    return { readers, command };
  } catch {
    // A disk without permissions, or a server that keeps them to itself: no reason not to mirror.
    return undefined;
  }
}

/**
 * Makes a folder, and those above it, that only their owner, the system and administrators can enter; as many as it can.
 * @returns the first that was made
 */
export function makePrivateFolders(folder: string): string | undefined {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  let first: string | undefined;
  privately((attributes) => {
    for (const path of missing) {
      if (system().CreateDirectoryW(widePath(path), attributes) === 0) return;
      first ??= path;
    }
  });
  return first;
}

/** Makes an empty file for the same alone, where there is none. @returns whether it did */
export function makePrivateFile(file: string): boolean {
  let isMade = false;
  privately((attributes) => {
    const handle = system().CreateFileW(widePath(file), GENERIC_WRITE, 0, attributes, CREATE_NEW, NORMAL, null);
    isMade = BigInt(handle) !== INVALID_HANDLE;
    if (isMade) system().CloseHandle(handle);
  });
  return isMade;
}

/** @param make is given the SECURITY_ATTRIBUTES of what is private, or not called where there are none to be had */
function privately(make: (attributes: BigUint64Array) => void): void {
  try {
    const descriptor = new BigUint64Array(1);
    const text = wide(privateDescriptor(presentUser()));
    must(system().ConvertStringSecurityDescriptorToSecurityDescriptorW(text, REVISION, descriptor, null));
    try {
      make(new BigUint64Array([ATTRIBUTES_BYTES, descriptor[0] ?? 0n, 0n]));
    } finally {
      system().LocalFree(pointerIn(descriptor.buffer));
    }
  } catch {
    // A system that refuses it: what is made has the permissions that its folder hands down.
  }
}

/** The owner and the access list of a file, as text. Throws where the system does not tell. */
function descriptorOf(file: string): string {
  const name = widePath(file);
  const neededBytes = new Uint32Array(1);
  system().GetFileSecurityW(name, OWNER_AND_LIST, null, 0, neededBytes);
  const descriptor = new Uint8Array(Math.max(1, neededBytes[0] ?? 0));
  must(system().GetFileSecurityW(name, OWNER_AND_LIST, descriptor, descriptor.length, neededBytes));
  return textFrom((text) =>
    system().ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, REVISION, OWNER_AND_LIST, text, null),
  );
}

/** The account that this process runs as, by its number. */
function presentUser(): string {
  const token = new BigUint64Array(1);
  must(system().OpenProcessToken(system().GetCurrentProcess(), TOKEN_QUERY, token));
  try {
    const user = new Uint8Array(new ArrayBuffer(256));
    must(system().GetTokenInformation(token[0] ?? 0n, TOKEN_USER, user, user.length, new Uint32Array(1)));
    // TOKEN_USER begins with a pointer to the number, which stands behind it in the same buffer.
    return numberOf(pointerIn(user.buffer));
  } finally {
    system().CloseHandle(token[0] ?? 0n);
  }
}

function readerOf(account: string): Reader {
  const place = new BigUint64Array(1);
  must(system().ConvertStringSidToSidW(wide(account), place));
  const number = pointerIn(place.buffer);
  try {
    const sid = numberOf(number);
    return { sid, name: nameOf(number) ?? sid };
  } finally {
    system().LocalFree(number);
  }
}

const numberOf = (sid: Pointer) => textFrom((text) => system().ConvertSidToStringSidW(sid, text));

/** Undefined for an account that is gone or of a domain that does not answer. */
function nameOf(sid: Pointer): string | undefined {
  const name = new Uint16Array(512);
  const domain = new Uint16Array(512);
  const lengths = [new Uint32Array([name.length]), new Uint32Array([domain.length])] as const;
  const kind = new Uint32Array(1);
  const [ofName, ofDomain] = lengths;
  const isKnown = system().LookupAccountSidW(null, sid, name, ofName, domain, ofDomain, kind);
  return isKnown === 0 ? undefined : Buffer.from(name.buffer, 0, 2 * (ofName[0] ?? 0)).toString("utf16le");
}

/** A text that the system allocates. */
function textFrom(call: (place: BigUint64Array) => number): string {
  const place = new BigUint64Array(1);
  must(call(place));
  const text = pointerIn(place.buffer);
  try {
    return Buffer.from(toArrayBuffer(text, 0, 2 * system().lstrlenW(text))).toString("utf16le");
  } finally {
    system().LocalFree(text);
  }
}

function pointerIn(buffer: ArrayBufferLike): Pointer {
  return Number(new DataView(buffer).getBigUint64(0, true)) as Pointer;
}

function must(isDone: number): void {
  if (isDone === 0) throw new Error("the system does not tell");
}

const widePath = (path: string) => wide(win32.toNamespacedPath(resolve(path)));

function wide(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}
