import type { Clock, Logger } from "@millrace/platform";
import type { Asker } from "../../server/authorizer.ts";
import type { Operation, Resource } from "../../server/request-context.ts";

/** The same refusal is told no more often. */
const againAfterMs = 60_000;
/** Refusals that are remembered; of others the oldest is forgotten, and told again when it comes again. */
const rememberedMax = 1000;

interface Told {
  readonly atMs: number;
  /** How often it came since. */
  count: number;
}

/**
 * Tells of refusals: each kind (who, what, on what) at once, and once a minute from then on with how many there were
 * in between. Who asks a thousand times a second fills no disk.
 */
export class DenialLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  denied({ principal, clientAddress }: Asker, operation: Operation, resource: Resource): void {
    if (!this.#logger.isEnabled("info")) return;
    const name = `${principal.kind}:${principal.name}`;
    const what = `${resource.kind}:${resource.name}`;
    const key = JSON.stringify([name, operation, what]);
    const nowMs = this.#clock.monotonicMs();
    const told = this.#told.get(key);
    if (told !== undefined && nowMs - told.atMs < againAfterMs) {
      told.count++;
      return;
    }
    this.#remember(key, nowMs);
    this.#logger.log("info", "broker.denied", {
      principal: name,
      operation,
      resource: what,
      peer: clientAddress,
      ...(told === undefined || told.count === 0 ? {} : { notTold: told.count }),
    });
  }

  #remember(key: string, nowMs: number): void {
    this.#told.delete(key);
    const [oldest] = this.#told.keys();
    if (this.#told.size >= rememberedMax && oldest !== undefined) this.#told.delete(oldest);
    this.#told.set(key, { atMs: nowMs, count: 0 });
  }
}
