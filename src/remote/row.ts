import { asError, type JobReport } from "./arrival.ts";
import type { Asking } from "./query.ts";
import type { Content, UploadJob } from "./site.ts";
import type { UploadTools } from "./temporary.ts";

/** A file of a row, open. */
export interface Opened {
  job: UploadJob;
  content: Content;
}

/** Files that go out one behind the other. A row ends at one that has to go alone, and when the session does. */
export interface Row {
  /** The next file; one that cannot be opened is reported and passed over. */
  take(): Promise<Opened | undefined>;
  /** The one that has to go alone. */
  readonly stray: UploadJob | undefined;
}

export function createRow(
  { session, capabilities }: Asking,
  first: UploadJob,
  next: () => UploadJob | undefined,
  report: JobReport,
  tools: UploadTools,
): Row {
  let waiting: UploadJob | undefined = first;
  let stray: UploadJob | undefined;

  function goesAlone(job: UploadJob): boolean {
    const isDirect = capabilities.size && capabilities.epsv && capabilities.renameOverwrites && !tools.inPlace;
    return job.unsettled !== undefined || !isDirect;
  }

  return {
    async take() {
      while (!stray) {
        const job: UploadJob | undefined = waiting ?? (session.pipeline.ended ? undefined : next());
        waiting = undefined;
        if (!job) return undefined;
        if (goesAlone(job)) {
          stray = job;
          return undefined;
        }
        try {
          return { job, content: await job.open() };
        } catch (error) {
          report(job, asError(error));
        }
      }
      return undefined;
    },
    get stray() {
      return stray;
    },
  };
}
