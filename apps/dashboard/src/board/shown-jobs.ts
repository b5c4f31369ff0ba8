import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { shownJob } from "./shown-job.js";

/** The queue as Bull Board may show it: Bull Board's own formatters leave out reasons, stacks, options and logs. */
export class ShownJobs extends BullMQAdapter {
  override async getJob(id: string): ReturnType<BullMQAdapter["getJob"]> {
    const job = await super.getJob(id);
    return job === undefined ? undefined : (shownJob(job) ?? undefined);
  }

  override async getJobs(
    ...args: Parameters<BullMQAdapter["getJobs"]>
  ): ReturnType<BullMQAdapter["getJobs"]> {
    return (await super.getJobs(...args)).flatMap((job) => shownJob(job) ?? []);
  }

  /** Rehome logs nothing with a job. */
  override async getJobLogs(): Promise<string[]> {
    return [];
  }

  /** Nor does it schedule any. */
  override async getJobSchedulers(): ReturnType<BullMQAdapter["getJobSchedulers"]> {
    return [];
  }

  override async getFlowProducer(): ReturnType<BullMQAdapter["getFlowProducer"]> {
    return null;
  }
}
