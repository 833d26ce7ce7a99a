import type { ClusterAdmin } from "@millrace/cluster";
import type { Logger } from "@millrace/platform";

import type { InternalTopic, Subtopology } from "../topology/subtopology.ts";

/** A config with which an internal topic loses what the application needs. */
export interface InternalTopicMisfit {
  readonly config: string;
  readonly found: string;
  readonly wanted: string;
  readonly consequence: string;
}

type Configs = ReadonlyMap<string, string | null>;

/** Who asks which topics, and tells what is wrong with them. */
export interface MisfitsSurroundings {
  readonly admin: Pick<ClusterAdmin, "describeConfigs" | "describeCluster">;
  readonly subtopologies: readonly Subtopology[];
  readonly logger: Logger;
}

/**
 * Tells of changelogs and repartition topics that somebody else made, or has changed, and that lose records (Kafka:
 * `InternalTopicManager.validate`, which nothing calls in 4.3). They are used all the same: it is mended while
 * the application runs, and nothing is lost before the brokers clean up.
 *
 * @param present names of the topics that are there
 */
export async function tellInternalTopicMisfits(
  { admin, subtopologies, logger }: MisfitsSurroundings,
  present: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const repartition = subtopologies.flatMap(({ repartitionTopics }) => repartitionTopics);
  const changelogs = subtopologies
    .flatMap(({ changelogTopics }) => changelogTopics)
    .filter(({ isSourceTopic }) => !isSourceTopic);
  const topics = new Map([...repartition, ...changelogs].map((topic) => [topic.name, topic]));
  const names = [...topics.keys()].filter((name) => present.has(name));
  if (names.length === 0) return;
  const logs = new Set(changelogs.map(({ name }) => name));
  try {
    let broker: string | undefined;
    const resources = names.map((name) => ({ kind: "topic", name }) as const);
    for (const { name, configs } of await admin.describeConfigs(resources, signal)) {
      const topic = topics.get(name);
      if (topic === undefined) continue;
      const found = new Map(configs.map((config) => [config.name, config.value]));
      const misfits = logs.has(name)
        ? changelogMisfits(topic, found)
        : repartitionMisfits(topic, found);
      for (const misfit of misfits) {
        broker ??= await anyBroker(admin, signal);
        logger.log("error", "streams.internal-topic-misfit", {
          topic: name,
          ...misfit,
          advice: `npx millrace configs alter --topic ${name} --add-config ${misfit.config}=${misfit.wanted} --bootstrap-server ${broker}`,
        });
      }
    }
  } catch (cause) {
    // A principal may use its topics and not ask how they are set up.
    if (!signal.aborted) logger.log("info", "streams.internal-topic-configs-unknown", { cause });
  }
}

/** For a command line: what it is about is told in any case. */
async function anyBroker(
  admin: MisfitsSurroundings["admin"],
  signal: AbortSignal,
): Promise<string> {
  const described = await admin.describeCluster(signal).catch(() => undefined);
  const broker = described?.brokers.at(0);
  return broker === undefined ? "HOST:PORT" : `${broker.host}:${broker.port}`;
}

export function changelogMisfits(
  { configs }: Pick<InternalTopic, "configs">,
  found: Configs,
): readonly InternalTopicMisfit[] {
  const policy = policyOf(found);
  const mayDelete = configs["cleanup.policy"]?.includes("delete") === true;
  if (policy.includes("delete") && !mayDelete)
    return [misfit("cleanup.policy", { configs, found }, "rows that do not change are deleted")];
  const misfits = policy.includes("delete") ? retentionMisfits(configs, found, "rows") : [];
  const lag = "min.compaction.lag.ms";
  const isShort = numberOf(found.get(lag), 0) < numberOf(configs[lag], 0);
  return isShort && policy.includes("compact")
    ? [...misfits, misfit(lag, { configs, found }, "versions that may be asked for are deleted")]
    : misfits;
}

export function repartitionMisfits(
  { configs }: Pick<InternalTopic, "configs">,
  found: Configs,
): readonly InternalTopicMisfit[] {
  if (policyOf(found).includes("compact"))
    return [
      misfit(
        "cleanup.policy",
        { configs, found },
        "of the records of a key all but the last may be deleted before they are processed",
      ),
    ];
  return retentionMisfits(configs, found, "records that are not processed yet");
}

interface Compared {
  readonly configs: InternalTopic["configs"];
  readonly found: Configs;
}

function retentionMisfits(
  configs: InternalTopic["configs"],
  found: Configs,
  what: string,
): readonly InternalTopicMisfit[] {
  if (configs["retention.ms"] === undefined) return []; // by the user's own policy, as the cluster has it
  return ["retention.ms", "retention.bytes"].flatMap((name) =>
    boundOf(found.get(name)) < boundOf(configs[name])
      ? [misfit(name, { configs, found }, `${what} are deleted too early`)]
      : [],
  );
}

function misfit(
  config: string,
  { configs, found }: Compared,
  consequence: string,
): InternalTopicMisfit {
  const wanted = configs[config] ?? "-1"; // a bound that the application does not ask for
  return { config, found: found.get(config) ?? "", wanted, consequence };
}

function policyOf(found: Configs): string {
  return found.get("cleanup.policy") ?? "";
}

/** Without a value, or with -1, there is none. */
function boundOf(value: string | null | undefined): number {
  const bound = numberOf(value, -1);
  return bound < 0 ? Infinity : bound;
}

function numberOf(value: string | null | undefined, otherwise: number): number {
  return value === undefined || value === null ? otherwise : Number(value);
}
