import { connect } from "millrace";

import { partitionForKey } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";

import { recreateTopics } from "./topic-partitions.ts";

const auctionCount = 100_000;
const peopleCount = 25_000;
const channels = ["Google", "Facebook", "Baidu", "Apple"];
const letters = "abcdefghijklmnopqrstuvwxyz_ ";
const zeroMs = 1_700_000_000_000;

/** Bids of the shapes, sizes and skew of the Java side's input: only that there is no auction or person. */
export async function generateBids(
  bootstrap: string,
  records: number,
): Promise<{ readonly records: number; readonly recordsPerSecond: number }> {
  await using client = connect({ bootstrapServers: bootstrap });
  await recreateTopics(client, ["bids"], 4);
  const writer = client.openWriter({ lingerMs: 20, batchBytesMax: 2 ** 18 });
  await writer.prepare(["bids"]);
  const random = new SeededRandom(7);
  const encoder = new TextEncoder();
  const began = performance.now();
  for (let index = 0; index < records; index++) {
    const auction = Math.min(auctionCount - 1, Math.floor(auctionCount * random.fraction() ** 2));
    const time = zeroMs + Math.floor(index / 10);
    const key = encoder.encode(`a${auction}`);
    const value = encoder.encode(bid(auction, time));
    const partition = writer.partition("bids", partitionForKey(key, 4));
    if (!partition.append(time, key, value, [])) await writer.drained();
  }
  await writer.flush();
  await writer.close();
  return { records, recordsPerSecond: records / ((performance.now() - began) / 1000) };

  function bid(auction: number, time: number): string {
    return `{"auction":${auction},"bidder":${below(peopleCount)},"price":${below(1_000_000)},"channel":"${channels[below(4)]}","url":"https://www.nexmark.com/${text(8)}/item.htm?query=1","dateTime":${time},"extra":"${text(20)}"}`;
  }

  function below(bound: number): number {
    return random.below(bound);
  }

  function text(length: number): string {
    let made = "";
    while (made.length < length) made += letters[below(letters.length)];
    return made;
  }
}
