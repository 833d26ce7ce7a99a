import { connect, type ClusterClient } from "millrace";

import type { ApplicationOptions } from "./application-options.ts";
import { cpuSeconds, peakMiB } from "./process-figures.ts";
import { freshApplicationId, startApplication } from "./start-application.ts";
import { endsOf, recreateTopics, sumOf } from "./topic-partitions.ts";
import { mainInputOf } from "./workloads.ts";

export interface ThroughputLine {
  readonly run: "throughput";
  readonly workload: string;
  readonly records: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakMiB: number;
}

/**
 * Drains the backlog of the main input: the rate at which its committed offsets advance over the last three quarters,
 * until the topics of the application's own are drained too; the first quarter is warm-up.
 */
export async function measureThroughput(options: ApplicationOptions): Promise<ThroughputLine> {
  const applicationId = freshApplicationId(options.workload);
  await using client = connect({ bootstrapServers: options.bootstrap });
  await recreateTopics(client, ["out"], 4);
  const input = mainInputOf(options.workload);
  const total = sumOf(await endsOf(client, [input]));
  const progress = new CommittedProgress(client, { applicationId, input, total });
  const began = performance.now();
  await using app = await startApplication(options, applicationId);
  app.closed.catch(fail);
  let quarter: { readonly ms: number; readonly done: number; readonly cpu: number } | undefined;
  for (let done = 0; done < total;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    done = await progress.done();
    if (quarter === undefined && done >= total / 4) {
      quarter = { ms: performance.now(), done, cpu: cpuSeconds(process.pid) };
    }
  }
  const finished = performance.now();
  const counted = total - (quarter?.done ?? 0);
  return {
    run: "throughput",
    workload: options.workload,
    records: total,
    seconds: (finished - began) / 1000,
    recordsPerSecond: counted / ((finished - (quarter?.ms ?? began)) / 1000),
    cpuSecondsPerMillion: ((cpuSeconds(process.pid) - (quarter?.cpu ?? 0)) / counted) * 1e6,
    peakMiB: peakMiB("self"),
  };
}

/** How many input records are done with, by what the group has committed. */
class CommittedProgress {
  readonly #client: ClusterClient;
  readonly #applicationId: string;
  readonly #input: string;
  readonly #total: number;
  readonly #group: ReturnType<ClusterClient["openMembership"]>;

  constructor(
    client: ClusterClient,
    { applicationId, input, total }: { applicationId: string; input: string; total: number },
  ) {
    this.#client = client;
    this.#input = input;
    this.#applicationId = applicationId;
    this.#total = total;
    this.#group = client.openMembership({
      groupId: applicationId,
      assignors: [],
      topics: () => [],
    }); // never joins: it only asks
  }

  async done(): Promise<number> {
    const done = sumOf(await this.#committed([this.#input]));
    if (done < this.#total || (await this.#arePassagesDrained())) return done;
    return this.#total - 1;
  }

  async #committed(
    topics: readonly string[],
  ): Promise<readonly { topic: string; partition: number; offset: number }[]> {
    return this.#group.committed(await endsOf(this.#client, topics));
  }

  /** Topics between tasks. A transaction's marker ends each log, so the committed offset may stand one below the end. */
  async #arePassagesDrained(): Promise<boolean> {
    const topics = (await this.#client.admin.listTopics())
      .map(({ name }) => name)
      .filter((name) => name.startsWith(this.#applicationId) && !name.endsWith("-changelog"));
    if (topics.length === 0) return true;
    const committed = await this.#committed(topics);
    return (await endsOf(this.#client, topics)).every(({ topic, partition, offset }) => {
      const at = committed.find((one) => one.topic === topic && one.partition === partition);
      return offset === 0 || (at?.offset ?? 0) >= offset - 1;
    });
  }
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}
