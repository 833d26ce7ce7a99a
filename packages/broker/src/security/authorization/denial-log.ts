import type { Clock, Logger } from "@millrace/platform";
import type { Asker } from "../../server/authorizer.ts";
import type { Operation, Resource } from "../../server/request-context.ts";

/** The same refusal is told no more often. */
const againAfterMs = 60_000;
/** Refusals that are remembered; of others the oldest is forgotten, and told again when it comes again. */
const rememberedMax = 1000;
/** Lines about one principal in that time. */
const linesMax = 100;
/** Of the name that somebody asked for. */
const toldLengthMax = 249;

interface Told {
  readonly atMs: number;
  /** How often it came since. */
  count: number;
}

/** Of one principal, in the minute that began then. */
interface Lines {
  readonly sinceMs: number;
  count: number;
  /** Refusals that had no line of their own, and were not told yet. */
  untold: number;
}

/**
 * Tells of refusals: each kind (who, what, on what) at once, and once a minute from then on with how many there were
 * in between. Who asks a thousand times a second, or for ever other things, fills no disk.
 */
export class DenialLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();
  /** By principal. */
  readonly #lines = new Map<string, Lines>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  denied({ principal, clientAddress }: Asker, operation: Operation, resource: Resource): void {
    if (!this.#logger.isEnabled("info")) return;
    const name = `${principal.kind}:${principal.name}`;
    const what = `${resource.kind}:${resource.name.slice(0, toldLengthMax)}`;
    const key = JSON.stringify([name, operation, what]);
    const nowMs = this.#clock.monotonicMs();
    const told = this.#told.get(key);
    if (told !== undefined && nowMs - told.atMs < againAfterMs) {
      told.count++;
      return;
    }
    const lines = this.#linesOf(name, nowMs);
    if (lines.count >= linesMax) {
      lines.untold++;
      return;
    }
    lines.count++;
    remember(this.#told, key, { atMs: nowMs, count: 0 });
    this.#logger.log("info", "broker.denied", {
      principal: name,
      operation,
      resource: what,
      peer: clientAddress,
      ...(told === undefined || told.count === 0 ? {} : { notTold: told.count }),
      ...(lines.untold === 0 ? {} : { othersNotTold: lines.untold }),
    });
    lines.untold = 0;
  }

  #linesOf(name: string, nowMs: number): Lines {
    const known = this.#lines.get(name);
    if (known !== undefined && nowMs - known.sinceMs < againAfterMs) return known;
    const lines = { sinceMs: nowMs, count: 0, untold: known?.untold ?? 0 };
    remember(this.#lines, name, lines);
    return lines;
  }
}

function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  const [oldest] = known.keys();
  if (known.size >= rememberedMax && oldest !== undefined) known.delete(oldest);
  known.set(key, value);
}
