import { afterAll, beforeAll, describe } from "vitest";

import { missingFor, startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { clientStories } from "./client-stories.ts";
import { consumerStories } from "./consumer-stories.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const startTimeoutMs = 120_000;

type Cluster = AsyncDisposable & { readonly address: string };

function storiesOn(start: () => Promise<Cluster>): void {
  let cluster: Cluster | undefined;

  beforeAll(async () => {
    cluster = await start();
  }, startTimeoutMs);

  afterAll(() => cluster?.[Symbol.asyncDispose](), startTimeoutMs);

  clientStories(() => cluster?.address ?? "");
  consumerStories(() => cluster?.address ?? "");
}

describe("our client on the bundled broker", () => storiesOn(() => startBundledBroker()));

describe.skipIf(missing !== undefined)(`our client on Apache Kafka${note}`, () =>
  storiesOn(() => startApacheKafka()),
);
