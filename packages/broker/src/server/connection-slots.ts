import type { Clock } from "@millrace/platform";
import type { ServerLimits } from "./server-limits.ts";

/** Who has asked nothing for so long keeps nobody out. */
const silentMsMax = 1000;

interface Connected {
  readonly remoteAddress: string;
  destroy(): void;
}

type Bounds = Pick<
  ServerLimits,
  "connectionsMax" | "connectionsPerAddressMax" | "connectionsOfAddresses"
>;

/**
 * Who is connected: so many in all, and so many of one address. Where all places are taken, whoever has been silent the
 * longest gives way, so that ten thousand connections that ask nothing keep no client out.
 */
export class ConnectionSlots<Client extends Connected> {
  readonly #bounds: Bounds;
  readonly #clock: Clock;
  readonly #all = new Set<Client>();
  readonly #perAddress = new Map<string, number>();
  /** Those that have asked nothing, and since when; the longest first. */
  readonly #silent = new Map<Client, number>();

  constructor(bounds: Bounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  get size(): number {
    return this.#all.size;
  }

  all(): Iterable<Client> {
    return this.#all;
  }

  /** Gives who has to go for it: itself, another one, or nobody. It is there until it is removed. */
  add(client: Client): Client | undefined {
    const { remoteAddress: address } = client;
    const fromAddress = (this.#perAddress.get(address) ?? 0) + 1;
    this.#all.add(client);
    this.#perAddress.set(address, fromAddress);
    const { connectionsMax, connectionsPerAddressMax, connectionsOfAddresses } = this.#bounds;
    if (fromAddress > (connectionsOfAddresses.get(address) ?? connectionsPerAddressMax))
      return client;
    const leaving = this.#all.size <= connectionsMax ? undefined : this.#longSilent();
    if (this.#all.size > connectionsMax && leaving === undefined) return client;
    this.#silent.set(client, this.#clock.monotonicMs());
    return leaving;
  }

  /** It is somebody who asks something. */
  asked(client: Client): void {
    this.#silent.delete(client);
  }

  /** False: it is gone already. */
  remove(client: Client): boolean {
    this.#silent.delete(client);
    if (!this.#all.delete(client)) return false;
    const left = (this.#perAddress.get(client.remoteAddress) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(client.remoteAddress);
    else this.#perAddress.set(client.remoteAddress, left);
    return true;
  }

  #longSilent(): Client | undefined {
    for (const [client, sinceMs] of this.#silent) {
      if (this.#clock.monotonicMs() - sinceMs < silentMsMax) return undefined;
      this.#silent.delete(client);
      return client;
    }
    return undefined;
  }
}
