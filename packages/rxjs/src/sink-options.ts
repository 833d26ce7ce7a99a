import { numberOption, optionTable, valueOption, type GivenOptions } from "@millrace/model";

import { boundByDefault, signalKind } from "./option-kinds.ts";

const rows = {
  /** How many records may be on their way, not acknowledged. */
  bound: numberOption({ min: 1, byDefault: boundByDefault }),
  /** Takes no more of the source when it aborts; the Observable completes once what was sent is acknowledged. */
  signal: valueOption<AbortSignal>(signalKind),
};

/** How fast an Observable is written to a topic. */
export interface SinkPaceOptions extends GivenOptions<typeof rows> {}

export const sinkOptionTable = optionTable("toTopic", rows);
