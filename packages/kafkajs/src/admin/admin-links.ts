import type { Timer } from "@millrace/platform";
import type { Admin } from "kafkajs";

import { endWithin, openLink, type KafkajsContext } from "../kafkajs-context.ts";
import { InFlight } from "../link/in-flight.ts";
import type { KafkajsLink } from "../link/kafkajs-link.ts";

/** How long connections stay that nobody uses. */
const idleMsMax = 500;

/** What administration goes through: kafkajs's own admin, and a link for each isolation. */
export interface AdminConnections {
  readonly admin: Admin;
  readonly read_committed: KafkajsLink;
  readonly read_uncommitted: KafkajsLink;
}

/**
 * Connections that are there as long as somebody uses them, or has a part open that may: so a program that has closed its
 * application ends, though nobody has closed the cluster client that the application was given.
 */
export class AdminLinks {
  readonly #context: KafkajsContext;
  #connections: AdminConnections | undefined;
  #connecting: Promise<void> | undefined;
  #inFlight = new InFlight();
  #userCount = 0;
  #idle: Timer | undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(context: KafkajsContext) {
    this.#context = context;
  }

  /** Each must be followed by one `leave`. */
  enter(): void {
    this.#userCount++;
    this.#idle?.cancel();
  }

  leave(): void {
    this.#userCount--;
    if (this.#userCount > 0 || this.#connections === undefined) return;
    this.#idle = this.#context.platform.timers.after(idleMsMax, () => this.#end());
  }

  async with<T>(work: (connections: AdminConnections) => Promise<T>): Promise<T> {
    this.enter();
    try {
      const connections = (this.#connections ??= this.#open());
      return await this.#inFlight.add(this.#use(connections, work));
    } finally {
      this.leave();
    }
  }

  async #use<T>(
    connections: AdminConnections,
    work: (connections: AdminConnections) => Promise<T>,
  ): Promise<T> {
    this.#connecting ??= connections.admin.connect();
    await this.#connecting.catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return work(connections);
  }

  async close(): Promise<void> {
    this.#idle?.cancel();
    this.#end();
    await this.#ending;
  }

  #open(): AdminConnections {
    return {
      admin: this.#context.kafka.admin(),
      read_committed: openLink(this.#context, { isolation: "read_committed" }),
      read_uncommitted: openLink(this.#context, { isolation: "read_uncommitted" }),
    };
  }

  #end(): void {
    const connections = this.#connections;
    if (connections === undefined) return;
    const inFlight = this.#inFlight;
    this.#connections = undefined;
    this.#connecting = undefined;
    this.#inFlight = new InFlight();
    const { admin, read_committed: committed, read_uncommitted: uncommitted } = connections;
    const ends = Promise.all([
      this.#ending,
      inFlight.end(() => admin.disconnect()),
      committed.close(),
      uncommitted.close(),
    ]);
    this.#ending = endWithin(this.#context, this.#context.closeTimeoutMs, ends);
  }
}
