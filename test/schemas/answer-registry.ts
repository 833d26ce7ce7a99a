import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";

import { startBundledBroker, type BundledBroker } from "../interop/bundled-broker.ts";
import type { Answerer } from "./answerers.ts";
import { registryDiffers } from "./compare-registry.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

/** A request of a scenario. */
interface GivenStep {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const registryAnswerer: Answerer = {
  kind: "registry/registry-http",
  count: 87,
  answer: answerScenario,
  differences: registryDiffers,
  async close() {
    const started = broker;
    broker = undefined;
    await (await started)?.[Symbol.asyncDispose]();
  },
};

const contentType = "application/vnd.schemaregistry.v1+json";
const platform = nodePlatform({ logLevel: "error" });
/** One for all scenarios, each with a topic and a group of its own. */
let broker: Promise<BundledBroker> | undefined;

async function answerScenario(given: FactCase): Promise<FactAnswer> {
  broker ??= startBundledBroker();
  const { address } = await broker;
  const topic = `_schemas-${given.name}`;
  const config = (given["config"] ?? {}) as Readonly<Record<string, string>>;
  const steps: unknown[] = [];
  {
    await using registry = await SchemaRegistryServer.start(
      {
        bootstrapServers: address,
        port: 0,
        topic,
        groupId: topic,
        // The facts are those of the open server.
        ruleSets: "drop",
        modeMutability: config["mode.mutability"] !== "false",
        ...levelOf(config["schema.compatibility.level"]),
      },
      platform,
    );
    for (const step of given["steps"] as readonly GivenStep[])
      steps.push(await answerStep(registry.url, step));
  }
  return { steps, topic: await recordsOf(address, topic) };
}

function levelOf(text: string | undefined): { readonly compatibilityLevel?: "NONE" } {
  if (text === undefined) return {};
  if (text === "none") return { compatibilityLevel: "NONE" };
  throw new Error(`no scenario has the level ${text}`);
}

async function answerStep(url: string, step: GivenStep): Promise<object> {
  const { method, path, body, headers } = step;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(url + path, {
    method,
    headers: withDefault(headers),
    ...(body === undefined ? {} : { body: text }),
  });
  const type = answer.headers.get("content-type") ?? "";
  const given = await answer.text();
  return { status: answer.status, response: type.endsWith("json") ? valueOf(given) : null, type };
}

function withDefault(headers: GivenStep["headers"]): Headers {
  const all = new Headers({ "content-type": contentType });
  for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value);
  return all;
}

/** A schema's text may be no JSON, a Protobuf one's is not. */
function valueOf(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What is left in the topic, without the records that tell where its end is. */
async function recordsOf(bootstrapServers: string, topic: string): Promise<readonly object[]> {
  await using client = connect(platform, { bootstrapServers });
  const [end] = await client.admin.listOffsets([{ topic, partition: 0, at: "latest" }]);
  await using consumer = client.consumer({ topics: [topic], autoOffsetReset: "earliest" });
  const found: object[] = [];
  for await (const { key, value, offset } of consumer) {
    const text = Buffer.from(key ?? []).toString();
    if (!text.startsWith('{"keytype":"NOOP"')) {
      const parsed = JSON.parse(text) as unknown;
      // Compaction goes by the bytes: blanks would make another key.
      if (JSON.stringify(parsed) !== text) throw new Error(`a key has blanks: ${text}`);
      found.push({
        key: parsed,
        value: value === null ? null : JSON.parse(Buffer.from(value).toString()),
      });
    }
    if (offset >= end.offset - 1) break;
  }
  return found;
}
