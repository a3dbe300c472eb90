/** FILE_READ_DATA, WRITE_DAC, WRITE_OWNER: who may change the permissions may read in the end. */
const READ_DATA = 0x1;
const WRITE_DAC = 0x40000;
const WRITE_OWNER = 0x80000;
const EVERYTHING = 0x1f01ff;

/** Rights by their names in SDDL (MS-DTYP 2.5.1.1), as far as they matter here; generic ones as files map them. */
const RIGHTS: Record<string, number> = {
  FA: EVERYTHING,
  GA: EVERYTHING,
  FR: READ_DATA,
  GR: READ_DATA,
  CC: READ_DATA,
  WD: WRITE_DAC,
  WO: WRITE_OWNER,
};
const GENERIC_ALL = 0x10000000;
const GENERIC_READ = 0x80000000;

/** Administrators of every kind, who can read everything anyway, and the system. */
const ADMINISTRATORS = ["SY", "BA", "LA", "DA", "EA", "S-1-5-18", "S-1-5-32-544"];
/** Whoever owns or makes the file; app packages, which need the rights of their user besides. */
const NOBODY_ELSE = ["OW", "CO", "S-1-3-4", "S-1-3-0", "AC", "S-1-15-2-1", "S-1-15-2-2"];
const EVERYONE = ["WD", "S-1-1-0"];

interface Entry {
  isAllowed: boolean;
  rights: number;
  account: string;
}

/**
 * Which accounts other than its owner, `user`, the system and administrators may read a file, from its security
 * descriptor as text (SDDL). Accounts as they stand there: `WD`, `BU`, `S-1-5-21-1-2-3-1001`.
 */
export function otherReaders(descriptor: string, user: string | undefined): string[] {
  const [, owner] = /^O:(.*?)(?=[GDS]:|$)/.exec(descriptor) ?? [];
  const [, list] = /D:(.*?)(?=S:\w*\(|S:$|$)/s.exec(descriptor) ?? [];
  // No list at all lets everybody in; an empty one nobody.
  if (list === undefined || list.includes("NO_ACCESS_CONTROL")) return ["WD"];
  const mayReadAnyway = new Set([...ADMINISTRATORS, ...NOBODY_ELSE, owner, user]);
  const denied = new Map<string, number>();
  const found = new Set<string>();
  for (const { isAllowed, rights, account } of entriesOf(list)) {
    // What comes first counts, as the system reads it.
    const refused = (denied.get(account) ?? 0) | (denied.get("everyone") ?? 0);
    if (!isAllowed) {
      const key = EVERYONE.includes(account) ? "everyone" : account;
      denied.set(key, (denied.get(key) ?? 0) | rights);
    } else if ((rights & ~refused) !== 0 && !mayReadAnyway.has(account)) found.add(account);
  }
  return [...found];
}

/** `(type;flags;rights;object;inherited object;account)`, MS-DTYP 2.5.1.1. */
function* entriesOf(list: string): Generator<Entry> {
  for (const [, type = "", flags = "", rights = "", account = ""] of list.matchAll(
    /\((\w*);(\w*);(\w*);[^;]*;[^;]*;([^;)]*)/g,
  )) {
    const isForChildrenAlone = /^(?:..)*IO/.test(flags);
    if (isForChildrenAlone || !/^X?[AD]$/.test(type)) continue;
    yield { isAllowed: type.endsWith("A"), rights: telling(rights), account };
  }
}

/** Those of the rights that let somebody read, now or by helping himself. */
function telling(rights: string): number {
  const bits = rights.startsWith("0x")
    ? Number(rights)
    : (rights.match(/../g) ?? []).reduce((sum, name) => sum | (RIGHTS[name] ?? 0), 0);
  const isAll = (bits & GENERIC_ALL) !== 0;
  const isRead = (bits & GENERIC_READ) !== 0;
  return (isAll ? EVERYTHING : isRead ? bits | READ_DATA : bits) & (READ_DATA | WRITE_DAC | WRITE_OWNER);
}

/** Its owner's, the system's and the administrators' alone, whatever its folder hands down; so is all that is made in it. */
export function privateDescriptor(user: string): string {
  return `D:P${[user, "SY", "BA"].map((account) => `(A;OICI;FA;;;${account})`).join("")}`;
}
