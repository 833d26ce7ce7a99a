import { isSynchronousFunction, OptionError, shown } from "@millrace/model";
import type { Logger } from "@millrace/platform";

import type { RestoreEvent, RestoreListener } from "../runtime/state/restore-event.ts";

export const restoreListenerKind = {
  allowed: "a synchronous function, (event) => void",
  accepts: isSynchronousFunction,
};

const eventNames = {
  start: "streams.restore-started",
  end: "streams.restore-ended",
  suspended: "streams.restore-suspended",
} as const;

/** Who is told of what is read from changelogs. */
export class RestoreListeners {
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly tell: RestoreListener }>();

  constructor(first: RestoreListener | undefined, logger: Logger) {
    this.#logger = logger;
    if (first !== undefined) this.add(first);
  }

  /** @throws OptionError `INVALID_OPTION` */
  add(tell: RestoreListener): Disposable {
    if (!restoreListenerKind.accepts(tell))
      throw new OptionError(
        "INVALID_OPTION",
        `onRestore was given ${shown(tell)}; give ${restoreListenerKind.allowed}`,
      );
    const listener = { tell };
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  tell(event: RestoreEvent): void {
    if (event.kind !== "batch") {
      const { kind, ...fields } = event;
      this.#logger.log("info", eventNames[kind], fields);
    }
    const listeners = [...this.#listeners]; // one of them may add others
    for (const { tell } of listeners) {
      try {
        tell(event);
      } catch (cause) {
        this.#logger.log("warn", "streams.restore-listener-failed", { kind: event.kind, cause });
      }
    }
  }
}
