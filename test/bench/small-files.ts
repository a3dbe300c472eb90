import type { RealServerKind } from "../servers/real.ts";
import type { TlsMode } from "../servers/server.ts";
import type { Contestant, Experiment, Figures } from "./experiment.ts";
import type { Ground } from "./ground.ts";
import type { Size } from "./size.ts";
import { median, ratios } from "./statistics.ts";
import { lftpMirror, lftpMirrorByDefault, miroirSync, rcloneCopy } from "./tools.ts";
import { transfer } from "./transfer.ts";
import { flatPath, makeSmallFiles } from "./workloads.ts";

const FILE_BYTES = 4096;
const CONNECTIONS = 8;

function folderOf(ground: Ground, count: number): Promise<string> {
  return ground.once(`${count} small files`, async () => {
    const folder = ground.newFolder();
    await makeSmallFiles(folder, { path: flatPath, count, sizeBytes: FILE_BYTES }, ground.signal);
    return folder;
  });
}

/** Many connections: who is done first. */
export function smallFiles(kind: RealServerKind, { smallFiles: count, rttMs }: Size): Experiment {
  const goal = { atLeast: kind === "vsftpd" ? 2.6 : 1.9 };
  return {
    name: `small ${kind}`,
    work: `${count} files of 4 KiB, RTT ${rttMs} ms, ${kind}, ${CONNECTIONS} connections`,
    servers: [kind],
    tools: ["lftp", "rclone"],
    async open(ground) {
      const site = await ground.site(kind, "off");
      const same = { site, way: rttMs, connections: CONNECTIONS, folder: await folderOf(ground, count) };
      return [
        transfer(ground, { ...same, name: "miroir", command: miroirSync }),
        transfer(ground, { ...same, name: "lftp", command: lftpMirror }),
        transfer(ground, { ...same, name: "rclone", command: rcloneCopy }),
        transfer(ground, { ...same, name: "lftp by default", command: lftpMirrorByDefault }),
      ];
    },
    rows: [
      {
        what: `as fast as lftp --parallel=${CONNECTIONS}, as it is`,
        unit: "×",
        goal,
        values: (of) => ratios(of("lftp by default", "seconds"), of("miroir", "seconds")),
      },
      {
        what: `as fast as lftp --parallel=${CONNECTIONS} told to leave permissions alone`,
        unit: "×",
        goal,
        values: (of) => ratios(of("lftp", "seconds"), of("miroir", "seconds")),
      },
      {
        what: `as fast as rclone --transfers ${CONNECTIONS}`,
        unit: "×",
        goal: { atLeast: 3.5 },
        values: (of) => ratios(of("rclone", "seconds"), of("miroir", "seconds")),
      },
    ],
  };
}

/** One connection: how many round trips a file takes. */
export function roundTrips(kind: RealServerKind, tls: TlsMode, { smallFiles: count, rttMs }: Size): Experiment {
  const encryption = tls === "off" ? "" : ", TLS";
  const plainGoal = kind === "vsftpd" ? 2.4 : 3.3;
  return {
    name: `trips ${kind}${tls === "off" ? "" : " tls"}`,
    work: `${count} files of 4 KiB, RTT ${rttMs} ms, ${kind}${encryption}, 1 connection`,
    servers: [kind],
    tools: [],
    async open(ground) {
      const site = await ground.site(kind, tls);
      const folder = await folderOf(ground, count);
      return [
        transfer(ground, { site, way: rttMs, connections: 1, folder, name: "miroir", once: true, command: miroirSync }),
      ];
    },
    rows: [
      {
        what: "round trips a file",
        unit: "",
        goal: { atMost: tls === "off" ? plainGoal : 4.5 },
        values: (of) => of("miroir", "seconds").map((seconds) => (seconds * 1000) / rttMs / count),
      },
    ],
  };
}

/** No distance: how much work the program itself makes of it. */
export function manyFiles(kind: RealServerKind, { manyFiles: count }: Size): Experiment {
  const parallel = [1, 4, 8];
  const nameOf = (connections: number) => `lftp --parallel=${connections}`;
  const byDefault = (connections: number) => `${nameOf(connections)} by default`;
  const best = (names: readonly string[], of: Figures): number[] => {
    const [shortest = []] = names.map((name) => of(name, "seconds")).sort((a, b) => median(a) - median(b));
    return ratios(shortest, of("miroir", "seconds"));
  };
  return {
    name: `many ${kind}`,
    work: `${count} files of 4 KiB, no latency, ${kind}; miroir with its 4 connections`,
    servers: [kind],
    tools: ["lftp"],
    async open(ground) {
      const site = await ground.site(kind, "off");
      const same = { site, way: "direct" as const, folder: await folderOf(ground, count) };
      const lftp = (connections: number): Contestant[] => [
        transfer(ground, { ...same, connections, name: byDefault(connections), command: lftpMirrorByDefault }),
        transfer(ground, { ...same, connections, name: nameOf(connections), command: lftpMirror }),
      ];
      return [
        transfer(ground, { ...same, connections: 4, name: "miroir", command: miroirSync }),
        ...parallel.flatMap(lftp),
      ];
    },
    rows: [
      {
        what: `as fast as lftp as it is, the best of ${parallel.join(", ")} connections`,
        unit: "×",
        goal: { atLeast: 1.3 },
        values: (of) => best(parallel.map(byDefault), of),
      },
      {
        what: "the same, lftp told to leave permissions alone",
        unit: "×",
        goal: { atLeast: 1.3 },
        values: (of) => best(parallel.map(nameOf), of),
      },
    ],
  };
}
