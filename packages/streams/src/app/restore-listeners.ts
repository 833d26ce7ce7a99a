import { isSynchronousFunction, OptionError, shown } from "@millrace/model";
import type { Logger } from "@millrace/platform";

import type { RestoreEvent, RestoreListener } from "../runtime/state/restore-event.ts";

export const restoreListenerKind = {
  allowed: "a synchronous function, (event) => void",
  accepts: isSynchronousFunction,
};

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
    this.#log(event);
    const listeners = [...this.#listeners]; // one of them may add others
    for (const { tell } of listeners) {
      try {
        tell(event);
      } catch (cause) {
        this.#logger.log("warn", "streams.restore-listener-failed", { kind: event.kind, cause });
      }
    }
  }

  /** Where there is nothing to restore, as in most starts, nobody is to read of it. */
  #log({ kind, ...fields }: RestoreEvent): void {
    const { records } = fields;
    if (kind === "end")
      this.#logger.log(records === 0 ? "debug" : "info", "streams.restore-ended", fields);
    else if (kind === "suspended") this.#logger.log("info", "streams.restore-suspended", fields);
    else if ("batchRecords" in fields) {
      const { batchRecords, ...progress } = fields;
      const isFirst = records > 0 && records === batchRecords;
      if (isFirst) this.#logger.log("info", "streams.restore-started", progress);
    }
  }
}
