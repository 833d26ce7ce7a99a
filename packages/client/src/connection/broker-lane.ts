import type { NetworkAddress, Platform } from "@millrace/platform";
import type { Fields } from "@millrace/protocol";
import type { Answer, ApiCall, BrokerLink } from "./api-call.ts";
import { ReconnectingLink, type LinkOptions } from "./reconnecting-link.ts";
import { unreachableBroker } from "./unreachable-broker.ts";
import { MeteredLink, type RequestMetrics } from "./request-metrics.ts";

export interface LaneOptions {
  readonly platform: Platform;
  readonly link: LinkOptions;
  readonly metrics: RequestMetrics;
  /** Where a broker is, as far as is known. */
  readonly addressOf: (nodeId: number) => NetworkAddress | undefined;
}

/** A link with all its layers, and the connection beneath them. */
export interface LaneLink extends BrokerLink {
  readonly connection: ReconnectingLink;
}

/**
 * One connection per broker for one use. A broker answers in order, so that a fetch that waits for
 * records, or a join that waits for members, would hold up all that comes behind it: each reader,
 * writer and membership has a lane of its own.
 */
export class BrokerLane {
  readonly #options: LaneOptions;
  readonly #links = new Map<number, LaneLink>();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** @throws RequestFailure `BROKER_UNREACHABLE` where nobody knows the broker's address */
  link(nodeId: number): LaneLink {
    const address = this.#options.addressOf(nodeId);
    const known = this.#links.get(nodeId);
    if (address === undefined) {
      if (known !== undefined) return known;
      throw unreachableBroker([`the unknown address of broker ${nodeId}`], undefined);
    }
    if (known !== undefined && isSame(known.connection.address, address)) return known;
    known?.connection.close();
    const link = openLink(address, this.#options);
    this.#links.set(nodeId, link);
    return link;
  }

  /** True: a connection to that broker is open, and answers requests. */
  isReady(nodeId: number): boolean {
    return this.#links.get(nodeId)?.connection.isReady === true;
  }

  /** Twice is fine. */
  close(): void {
    for (const { connection } of this.#links.values()) connection.close();
    this.#links.clear();
  }
}

/** The onion: metrics around the connection that comes back. */
export function openLink(
  address: NetworkAddress,
  { platform, link, metrics }: Omit<LaneOptions, "addressOf">,
): LaneLink {
  const connection = new ReconnectingLink(address, link);
  const metered = new MeteredLink(connection, platform, metrics);
  return {
    connection,
    call: <Q extends Fields, A extends Fields>(call: ApiCall<Q, A>): Promise<Answer<A>> =>
      metered.call(call),
  };
}

function isSame(left: NetworkAddress, right: NetworkAddress): boolean {
  return left.host === right.host && left.port === right.port;
}
