import { connect, json, string } from "millrace";

import type { ApplicationOptions } from "./application-options.ts";
import { peakMiB } from "./process-figures.ts";
import { freshApplicationId, startApplication } from "./start-application.ts";
import { endsOf } from "./topic-partitions.ts";

/** From the start of the process to the first committed result, with one bid that is written first. */
export async function measureCold(options: ApplicationOptions): Promise<object> {
  await using client = connect({ bootstrapServers: options.bootstrap });
  await writeBid(client);
  const ends = await endsOf(client, ["out"]);
  await using app = await startApplication(
    { ...options, workload: "filter-map" },
    freshApplicationId("cold"),
  );
  void app;
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign(ends);
  while ((await reader.poll({ waitMsMax: 10 })).length === 0);
  return { run: "cold", millis: Math.round(performance.now()), peakMiB: peakMiB("self") };
}

async function writeBid(client: ReturnType<typeof connect>): Promise<void> {
  const bid = { auction: 1, bidder: 1, price: 2, channel: "c", url: "u", dateTime: 1, extra: "" };
  const writer = client.openWriter({ lingerMs: 0 });
  await writer.prepare(["bids"]);
  writer
    .partition("bids", 0)
    .append(
      1_700_000_000_000,
      string().serialize("a1", "bids"),
      json<typeof bid>().serialize(bid, "bids"),
      [],
    );
  await writer.flush();
  await writer.close();
}
