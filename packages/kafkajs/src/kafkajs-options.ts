import { durationOption, optionTable, readOptions, type GivenOptions } from "@millrace/model";

/** For `docs/reference/options.md`. */
export const kafkajsOptionTable = optionTable("kafkajsCluster", {
  /** How often the partition counts of topics in use are looked at. */
  metadataMaxAge: durationOption({ byDefault: "5m", minMs: 1, kafka: "metadata.max.age.ms" }),
  /** How long a request is tried again; kafkajs's own `retry` is part of each attempt. */
  requestTimeout: durationOption({
    byDefault: "30s",
    minMs: 1,
    kafka: "default.api.timeout.ms",
  }),
  /** Longest that kafkajs may take to disconnect each part. */
  closeTimeout: durationOption({ byDefault: "10s", minMs: 1 }),
});

/** How an application uses the user's kafkajs instance. */
export interface KafkajsClusterOptions extends GivenOptions<typeof kafkajsOptionTable.rows> {}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function resolveOptions(options: KafkajsClusterOptions): {
  readonly metadataMaxAgeMs: number;
  readonly requestTimeoutMs: number;
  readonly closeTimeoutMs: number;
} {
  const read = readOptions(kafkajsOptionTable, options);
  return {
    metadataMaxAgeMs: read.metadataMaxAge,
    requestTimeoutMs: read.requestTimeout,
    closeTimeoutMs: read.closeTimeout,
  };
}
