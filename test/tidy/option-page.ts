// Writes docs/reference/options.md from the option tables of the code: `npm run docs:options`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { connectOptionTable, consumerOptionTable, producerOptionTable } from "@millrace/client";
import type { OptionRows, OptionTable } from "@millrace/model";
import { registryClientOptionTable, registrySerdeOptionTable } from "@millrace/schema-registry";
import { registryServerOptionTable } from "@millrace/schema-registry-server";
import { queryOptionTable, snapshotOptionTable } from "@millrace/streams";

import { kafkajsOptionTable } from "../../packages/kafkajs/src/kafkajs-options.ts";
import { embeddedClusterOptionTable } from "../../packages/millrace/src/embedded/embedded-cluster.ts";
import { applicationOptionTable } from "../../packages/millrace/src/streams-options.ts";
import { jsonSchemaOptionTable } from "../../packages/serde-json-schema/src/codec/json-schema-options.ts";
import { avroOptionTable } from "../../packages/serde-avro/src/avro-options.ts";
import { testClusterOptionTable } from "../../packages/testing/src/cluster/test-cluster-options.ts";
import { simulateOptionTable } from "../../packages/testing/src/simulate/simulate-options.ts";
import { protobufOptionTable } from "../../packages/serde-protobuf/src/protobuf-options.ts";
import { observeMetricsOptionTable } from "../../packages/opentelemetry/src/observe-metrics.ts";
import { metricsOptionTable } from "../../packages/rxjs/src/from-metrics.ts";
import { streamOptionTable } from "../../packages/rxjs/src/observe-options.ts";
import { sinkOptionTable } from "../../packages/rxjs/src/sink-options.ts";
import { topicOptionTable } from "../../packages/rxjs/src/topic-options.ts";
import { repository } from "./source-files.ts";

/** What the page needs of a table; its rows' descriptions are comments, so that editors show them. */
interface Section {
  readonly heading: string;
  readonly intro: string;
  readonly table: Pick<OptionTable<OptionRows>, "rows"> & {
    readonly rules: readonly { readonly demand: string }[];
  };
  /** Where the rows are written down. */
  readonly sources: readonly string[];
}

const sections: readonly Section[] = [
  {
    heading: "An application: `StreamsApp.start`, `StreamsApp.run`",
    intro: "",
    table: applicationOptionTable,
    sources: [
      "packages/streams/src/app/streams-options.ts",
      "packages/streams/src/app/group-options.ts",
      "packages/millrace/src/streams-options.ts",
    ],
  },
  {
    heading: "A query: `app.store`",
    intro: "",
    table: queryOptionTable,
    sources: ["packages/streams/src/query/query-options.ts"],
  },
  {
    heading: "A copy of the state: `app.snapshot`",
    intro: "",
    table: snapshotOptionTable,
    sources: ["packages/streams/src/app/snapshot-options.ts"],
  },
  {
    heading: "A broker in the process: `EmbeddedCluster.start`",
    intro: "",
    table: embeddedClusterOptionTable,
    sources: ["packages/millrace/src/embedded/embedded-cluster.ts"],
  },
  {
    heading: "A cluster for tests: `testCluster`",
    intro: "",
    table: testClusterOptionTable,
    sources: ["packages/testing/src/cluster/test-cluster-options.ts"],
  },
  {
    heading: "A simulation: `simulate`",
    intro: "",
    table: simulateOptionTable,
    sources: ["packages/testing/src/simulate/simulate-options.ts"],
  },
  {
    heading: "A schema registry: `SchemaRegistryServer.start`",
    intro: "Of the package `@millrace/schema-registry-server`.",
    table: registryServerOptionTable,
    sources: [
      "packages/http/src/http-options.ts",
      "packages/client/src/connect-options.ts",
      "packages/schema-registry-server/src/server-options.ts",
    ],
  },
  {
    heading: "A client: `connect`",
    intro: "Also what `cluster` of an application may be.",
    table: connectOptionTable,
    sources: ["packages/client/src/connect-options.ts"],
  },
  {
    heading: "A client on a kafkajs instance: `kafkajsCluster`",
    intro:
      "Of the package `@millrace/kafkajs`. Brokers, TLS, sign-in, logger and the rest are the instance's.",
    table: kafkajsOptionTable,
    sources: ["packages/kafkajs/src/kafkajs-options.ts"],
  },
  {
    heading: "A producer: `client.producer`",
    intro:
      "Kafka's `acks` is always `all`, its `enable.idempotence` always on: a record is there once all replicas in sync have it, and once only.",
    table: producerOptionTable,
    sources: ["packages/client/src/producer/producer-options.ts"],
  },
  {
    heading: "A consumer: `client.consumer`",
    intro: "",
    table: consumerOptionTable,
    sources: ["packages/client/src/consumer/consumer-options.ts"],
  },
  {
    heading: "A client of a schema registry: `SchemaRegistryClient`",
    intro: "",
    table: registryClientOptionTable,
    sources: ["packages/schema-registry/src/client/registry-client-options.ts"],
  },
  {
    heading: "A serde with a schema registry",
    intro: "What the serdes of Avro, Protobuf and JSON Schema take besides their schema.",
    table: registrySerdeOptionTable,
    sources: ["packages/schema-registry/src/serde/registry-serde-options.ts"],
  },
  {
    heading: "A serde: `jsonSchema`",
    intro: "",
    table: jsonSchemaOptionTable,
    sources: ["packages/serde-json-schema/src/codec/json-schema-options.ts"],
  },
  {
    heading: "A serde: `avro`",
    intro:
      "Without a registry; with one those of all serdes with a registry come in place of the last two.",
    table: avroOptionTable,
    sources: ["packages/serde-avro/src/avro-options.ts"],
  },
  {
    heading: "A serde: `protobuf`",
    intro: "",
    table: protobufOptionTable,
    sources: ["packages/serde-protobuf/src/protobuf-options.ts"],
  },
  {
    heading: "A stream as an Observable: `fromStream`, `fromTable`",
    intro: "Of `@millrace/rxjs`, as the sections below.",
    table: streamOptionTable,
    sources: ["packages/rxjs/src/observe-options.ts"],
  },
  {
    heading: "A topic as an Observable: `fromTopic`",
    intro: "Besides those of a consumer, but `topics`.",
    table: topicOptionTable,
    sources: ["packages/rxjs/src/topic-options.ts"],
  },
  {
    heading: "An Observable as a topic: `toTopic`",
    intro: "Besides those of a producer, but `transactionalId` and `transactionTimeout`.",
    table: sinkOptionTable,
    sources: ["packages/rxjs/src/sink-options.ts"],
  },
  {
    heading: "Metrics as an Observable: `fromMetrics`",
    intro: "",
    table: metricsOptionTable,
    sources: ["packages/rxjs/src/from-metrics.ts"],
  },
  {
    heading: "Metrics for OpenTelemetry: `observeMetrics`",
    intro: "Of `@millrace/opentelemetry`.",
    table: observeMetricsOptionTable,
    sources: ["packages/opentelemetry/src/observe-metrics.ts"],
  },
];

const head = `# Options

Made from the code's own tables. Names are Kafka's in camelCase; a duration is \`"250ms"\`, \`"5s"\`, \`"1m"\`, \`"2h"\`, \`"7d"\` or milliseconds. An
option that does not exist is an error (\`UNKNOWN_OPTION\`) that names the nearest one, a value that is not allowed one (\`INVALID_OPTION\`) that says what is.
`;

export const optionPagePath = join(repository, "docs/reference/options.md");

export function optionPage(): string {
  return [head, ...sections.map(sectionText)].join("\n");
}

function sectionText({ heading, intro, table, sources }: Section): string {
  const comments = new Map(sources.flatMap(commentsOf));
  const rows = Object.entries(table.rows).map(([name, row]) => {
    const about = comments.get(name);
    if (about === undefined) throw new Error(`${heading}: option ${name} has no comment`);
    const standard = row.presence === "required" ? "must be given" : row.defaultText;
    const kafka = row.kafka === undefined ? "" : `\`${row.kafka}\``;
    return `| \`${name}\` | ${standard} | ${kafka} | ${about} | ${row.allowedInDocs.replaceAll("|", "\\|")} |`;
  });
  const rules = table.rules.map(({ demand }) => `- ${demand}`);
  return [
    `## ${heading}\n`,
    ...(intro === "" ? [] : [`${intro}\n`]),
    "| option | default | Kafka's name | what it does | what may be given |",
    "|---|---|---|---|---|",
    ...rows,
    ...(rules.length === 0 ? [] : ["\nBesides:\n", ...rules]),
    "",
  ].join("\n");
}

/** The doc comment before each row, by the row's name. */
function commentsOf(path: string): readonly (readonly [string, string])[] {
  const text = readFileSync(join(repository, path), "utf8");
  const pattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+): \w+Option\b/g;
  return [...text.matchAll(pattern)].map(([, comment, name]) => [
    name,
    comment
      .split("\n")
      .map((line) => line.replace(/^\s*\*\s?/, "").trim())
      .join(" ")
      .trim(),
  ]);
}

if (import.meta.main) writeFileSync(optionPagePath, optionPage());
