import { join } from "node:path";
import type { RealServerKind } from "../servers/real.ts";
import type { TlsMode } from "../servers/server.ts";
import type { Experiment } from "./experiment.ts";
import type { Size } from "./size.ts";
import { watchingForStalls } from "./stalls.ts";
import { median, ratios } from "./statistics.ts";
import { curlUpload, lftpPut, miroirSync } from "./tools.ts";
import { transfer } from "./transfer.ts";
import { makeLargeFile } from "./workloads.ts";

/** One file, and nothing in the way: how fast bytes go through the program. miroir takes their SHA-1 meanwhile. */
export function largeFile(kind: RealServerKind, tls: TlsMode, { largeFileBytes: sizeBytes }: Size): Experiment {
  const encryption = tls === "off" ? "plain" : "TLS";
  const mebibytes = sizeBytes / 1024 ** 2;
  return {
    name: `large ${kind}${tls === "off" ? "" : " tls"}`,
    work: `a file of ${mebibytes} MiB, no latency, ${kind}, ${encryption}`,
    servers: [kind],
    tools: ["curl", "lftp"],
    async open(ground) {
      const site = await ground.site(kind, tls);
      const folder = await ground.once("large file", async () => {
        const made = ground.newFolder();
        await makeLargeFile(join(made, "large"), sizeBytes, ground.signal);
        return made;
      });
      const same = { site, way: "direct" as const, connections: 1, folder };
      const alone = { ...same, file: join(folder, "large") };
      return [
        transfer(ground, { ...same, name: "miroir", command: miroirSync }),
        transfer(ground, { ...alone, name: "curl", command: curlUpload }),
        transfer(ground, { ...alone, name: "lftp", command: lftpPut }),
        transfer(ground, { ...same, name: "miroir, with a probe", once: true, isApart: true, ...watchingForStalls }),
      ];
    },
    rows: [
      tls === "off"
        ? {
            what: "as fast as curl",
            unit: "×",
            goal: { atLeast: 0.8 },
            values: (of) => ratios(of("curl", "seconds"), of("miroir", "seconds")),
          }
        : {
            what: "as fast as the better of lftp and curl",
            unit: "×",
            goal: { atLeast: 0.8 },
            values(of) {
              const both = [of("curl", "seconds"), of("lftp", "seconds")];
              const [better = []] = both.sort((a, b) => median(a) - median(b));
              return ratios(better, of("miroir", "seconds"));
            },
          },
      {
        what: "most memory (RSS)",
        unit: "MB",
        goal: { atMost: 100 },
        values: (of) => of("miroir", "peakBytes").map((bytes) => bytes / 1e6),
      },
      {
        what: "longest wait of a timer while sending",
        unit: "ms",
        goal: { atMost: 100 },
        values: (of) => of("miroir, with a probe", "stallMs"),
      },
    ],
  };
}
