import { describe, expect, test } from "bun:test";
import { otherReaders, privateDescriptor } from "../../src/windows/descriptor.ts";

const ALICE = "S-1-5-21-1004336348-1177238915-682003330-1001";
const BOB = "S-1-5-21-1004336348-1177238915-682003330-1002";

describe("otherReaders()", () => {
  test.each<{ name: string; sddl: string; want: string[] }>([
    {
      name: "a file in one's own profile: system, administrators, oneself",
      sddl: `O:${ALICE}D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;${ALICE})`,
      want: [],
    },
    {
      name: "a file in a folder of C:\\ that was made by hand",
      sddl: `O:${ALICE}D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)`,
      want: ["BU", "AU"],
    },
    { name: "everybody may read", sddl: `O:${ALICE}D:(A;;FA;;;SY)(A;;FR;;;WD)`, want: ["WD"] },
    { name: "generic rights", sddl: `O:${ALICE}D:(A;;GR;;;BU)(A;;GA;;;${BOB})`, want: ["BU", BOB] },
    {
      name: "generic rights in bits",
      sddl: `O:${ALICE}D:(A;;0x80000000;;;BU)(A;;0x10000000;;;AU)`,
      want: ["BU", "AU"],
    },
    { name: "rights one by one", sddl: `O:${ALICE}D:(A;;CCSWRC;;;BU)(A;;SWRC;;;AU)`, want: ["BU"] },
    {
      name: "who may change the permissions may read",
      sddl: `O:${ALICE}D:(A;;WD;;;BU)(A;;WO;;;${BOB})`,
      want: ["BU", BOB],
    },
    { name: "who may only write may not read", sddl: `O:${ALICE}D:(A;;0x116;;;BU)`, want: [] },
    { name: "for what is made in the folder alone", sddl: `O:${ALICE}D:(A;OICIIO;FA;;;WD)(A;IOID;FA;;;BU)`, want: [] },
    { name: "denied first", sddl: `O:${ALICE}D:(D;;FA;;;BU)(A;;FR;;;BU)`, want: [] },
    { name: "denied to everybody first", sddl: `O:${ALICE}D:(D;;FA;;;WD)(A;;FR;;;BU)`, want: [] },
    { name: "denied too late", sddl: `O:${ALICE}D:(A;;FR;;;BU)(D;;FA;;;BU)`, want: ["BU"] },
    { name: "denied for writing", sddl: `O:${ALICE}D:(D;;0x116;;;BU)(A;;FR;;;BU)`, want: ["BU"] },
    { name: "owned by administrators, used by oneself", sddl: `O:BAD:(A;;FA;;;BA)(A;;FA;;;${ALICE})`, want: [] },
    { name: "of somebody else, who made it", sddl: `O:${BOB}D:(A;;FA;;;${BOB})(A;;FR;;;${ALICE})`, want: [] },
    { name: "owner rights, app packages", sddl: `O:${ALICE}D:(A;;FA;;;OW)(A;;FA;;;CO)(A;;FR;;;AC)`, want: [] },
    { name: "with a condition", sddl: `O:${ALICE}D:(XA;;FR;;;BU;(@User.Title=="PM"))`, want: ["BU"] },
    { name: "a disk without permissions", sddl: `O:${ALICE}D:NO_ACCESS_CONTROL`, want: ["WD"] },
    { name: "no list at all", sddl: `O:${ALICE}`, want: ["WD"] },
    { name: "an empty list", sddl: `O:${ALICE}D:P`, want: [] },
    { name: "with a label behind it", sddl: `O:${ALICE}D:P(A;;FA;;;SY)S:AI(AU;SAFA;FA;;;WD)`, want: [] },
    { name: "with a group", sddl: `O:${ALICE}G:S-1-5-21-1-2-3-513D:(A;;FR;;;BG)`, want: ["BG"] },
  ])("$name", ({ sddl, want }) => {
    expect(otherReaders(sddl, ALICE)).toEqual(want);
  });

  test("nobody else, by the descriptor that private things are made with", () => {
    expect(otherReaders(`O:${ALICE}${privateDescriptor(ALICE)}`, ALICE)).toEqual([]);
  });
});
