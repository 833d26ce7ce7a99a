import { connect, type ClusterClient } from "millrace";

import { partitionForKey } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";

import type { Auction, Bid, Person } from "./shapes.ts";
import { recreateTopics } from "./topic-partitions.ts";
import { inputTopics } from "./workloads.ts";

const auctionCount = 100_000;
const peopleCount = 25_000;
const channels = ["Google", "Facebook", "Baidu", "Apple"];
const cities = ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend"];
const states = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const letters = "abcdefghijklmnopqrstuvwxyz_ ";
const zeroMs = 1_700_000_000_000;

/** Input of the shapes, sizes, times and skew of the Java side's. */
export async function generateInput(
  bootstrap: string,
  bids: number,
): Promise<{ readonly records: number; readonly recordsPerSecond: number }> {
  await using client = connect({ bootstrapServers: bootstrap });
  await recreateTopics(client, inputTopics, 4);
  const input = new InputWriter(client);
  await input.prepare();
  const began = performance.now();
  for (let id = 0; id < peopleCount; id++) {
    await input.write("people", `p${id}`, zeroMs, person(id));
  }
  for (let id = 0; id < auctionCount; id++) {
    const time = zeroMs + Math.floor((id * Math.floor(bids / 10)) / auctionCount);
    await input.write("auctions", `a${id}`, time, auction(id));
  }
  for (let index = 0; index < bids; index++) {
    const id = Math.min(auctionCount - 1, Math.floor(auctionCount * random.fraction() ** 2));
    const time = zeroMs + Math.floor(index / 10);
    await input.write("bids", `a${id}`, time, bid(id, time));
  }
  await input.close();
  const records = bids + auctionCount + peopleCount;
  return { records, recordsPerSecond: records / ((performance.now() - began) / 1000) };
}

class InputWriter {
  readonly #writer: ReturnType<ClusterClient["openWriter"]>;
  readonly #encoder = new TextEncoder();

  constructor(client: ClusterClient) {
    this.#writer = client.openWriter({ lingerMs: 20, batchBytesMax: 2 ** 18 });
  }

  prepare(): Promise<void> {
    return this.#writer.prepare(inputTopics);
  }

  write(topic: string, key: string, time: number, value: object): Promise<void> | undefined {
    const bytes = this.#encoder.encode(key);
    const partition = this.#writer.partition(topic, partitionForKey(bytes, 4));
    const json = this.#encoder.encode(JSON.stringify(value));
    return partition.append(time, bytes, json, []) ? undefined : this.#writer.drained();
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    await this.#writer.close();
  }
}

const random = new SeededRandom(7);

function person(id: number): Person {
  return {
    id,
    name: text(12),
    emailAddress: `${text(7)}@${text(5)}.com`,
    city: cities[id % cities.length],
    state: states[id % states.length],
    dateTime: zeroMs,
    extra: text(60),
  };
}

function auction(id: number): Auction {
  return {
    id,
    itemName: text(20),
    description: text(100),
    initialBid: random.below(1000),
    reserve: random.below(10_000),
    dateTime: zeroMs,
    expires: zeroMs + 60_000,
    seller: random.below(peopleCount),
    category: 10 + (id % 5),
    extra: text(200),
  };
}

function bid(auctionId: number, dateTime: number): Bid {
  return {
    auction: auctionId,
    bidder: random.below(peopleCount),
    price: random.below(1_000_000),
    channel: channels[random.below(4)],
    url: `https://www.nexmark.com/${text(8)}/item.htm?query=1`,
    dateTime,
    extra: text(20),
  };
}

function text(length: number): string {
  let made = "";
  while (made.length < length) made += letters[random.below(letters.length)];
  return made;
}
