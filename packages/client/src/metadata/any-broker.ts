import type { NetworkAddress, Random } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import { metadataApi, type MetadataResponse } from "@millrace/protocol/definitions";

import { addressName } from "../connection/bootstrap-servers.ts";
import {
  openLink,
  type BrokerLane,
  type LaneLink,
  type LaneOptions,
} from "../connection/broker-lane.ts";
import { unreachableBroker } from "../connection/unreachable-broker.ts";
import { isRetriable } from "../connection/retrying.ts";

/** Kafka's error that sends a client back to its bootstrap servers (KIP-1102). */
const rebootstrapRequired = 129;

export interface AnyBrokerParts {
  readonly random: Random;
  readonly bootstrap: readonly NetworkAddress[];
  readonly brokers: Map<number, NetworkAddress>;
  readonly lane: BrokerLane;
  readonly laneOptions: Omit<LaneOptions, "addressOf">;
  readonly closing: AbortSignal;
}

/** Asks any broker that answers for metadata, and the bootstrap servers again if none of the known ones does. */
export class AnyBroker {
  readonly #parts: AnyBrokerParts;
  readonly #bootstrapLinks: readonly LaneLink[];
  #hasAnswered = false;

  constructor(parts: AnyBrokerParts) {
    this.#parts = parts;
    this.#bootstrapLinks = parts.bootstrap.map((address) => openLink(address, parts.laneOptions));
  }

  /** True once any has answered. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** @param topics null: all that there are */
  async ask(topics: readonly string[] | null): Promise<MetadataResponse> {
    const { brokers, closing } = this.#parts;
    const failures: unknown[] = [];
    for (const link of this.#candidates()) {
      try {
        const answer = await link.call({
          api: metadataApi,
          // Version 0 has no way to ask for nothing: an empty list means all topics.
          versionMin: 1,
          body: (version) => ({
            topics: topics === null ? null : topics.map((name) => ({ name })),
            ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
          }),
        });
        this.#hasAnswered = true;
        if (answer.errorCode === rebootstrapRequired) {
          brokers.clear();
          continue;
        }
        if (answer.errorCode !== 0) throw KafkaError.of(answer.errorCode);
        return answer;
      } catch (error) {
        if (closing.aborted || !isRetriable(error)) throw error;
        failures.push(error);
      }
    }
    throw unreachableBroker(this.#addresses(), failures.at(-1));
  }

  close(): void {
    for (const { connection } of this.#bootstrapLinks) connection.close();
  }

  /** Open connections first, then known brokers in any order, those that have failed last; then the bootstrap servers. */
  #candidates(): readonly LaneLink[] {
    const { brokers, lane, closing } = this.#parts;
    closing.throwIfAborted();
    const known = this.#shuffled([...brokers.keys()].map((nodeId) => lane.link(nodeId)));
    const rank = ({ connection }: LaneLink) =>
      connection.isReady ? 0 : connection.isResting ? 2 : 1;
    const byRank = (links: readonly LaneLink[]) =>
      links.toSorted((left, right) => rank(left) - rank(right));
    return [...byRank(known), ...byRank(this.#shuffled([...this.#bootstrapLinks]))];
  }

  #shuffled(links: LaneLink[]): LaneLink[] {
    for (let index = links.length - 1; index > 0; index--) {
      const other = this.#parts.random.below(index + 1);
      [links[index], links[other]] = [links[other], links[index]];
    }
    return links;
  }

  #addresses(): readonly string[] {
    const { bootstrap, brokers } = this.#parts;
    return [...new Set([...bootstrap, ...brokers.values()].map(addressName))];
  }
}
