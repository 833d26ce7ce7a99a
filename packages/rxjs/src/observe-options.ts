import {
  choiceOption,
  numberOption,
  optionTable,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import type { SchedulerLike } from "rxjs";

import type { AnyProject } from "./hand-over.ts";
import {
  backPressures,
  boundByDefault,
  projectKind,
  sampleIsOne,
  schedulerKind,
  signalKind,
} from "./option-kinds.ts";

const rows = {
  /**
   * Of records that come while a subscriber is at work: `buffer` keeps up to `bound` of them, and ends in an error beyond;
   * `drop` leaves those out that find `bound` of them waiting; `sample` keeps the latest one alone; `block` holds the
   * application up.
   */
  backPressure: choiceOption(backPressures, { byDefault: "buffer" }),
  /** How many records may wait for a subscriber. */
  bound: numberOption({ min: 1, defaultText: String(boundByDefault) }),
  /** After their commit, as readers of an output topic see them; or as soon as they are processed, so that some may come again. */
  view: choiceOption(["committed", "processed"], {
    defaultText: "committed; processed with at_least_once",
  }),
  /**
   * Done for each record, as with `concatMap`: a subscriber is given what comes of it, and the next record comes once
   * that is complete. Without it a subscriber has done its work when its `next` returns.
   */
  project: valueOption<AnyProject>(projectKind),
  /** Completes the Observable when it aborts. */
  signal: valueOption<AbortSignal>(signalKind),
  /** Gives a subscriber its turns. */
  scheduler: valueOption<SchedulerLike>(schedulerKind, { defaultText: "asyncScheduler" }),
};

/** How the records of a stream or a table are observed. */
export interface ObserveOptions extends Omit<GivenOptions<typeof rows>, "project"> {}

export const streamOptionTable = optionTable("fromStream", rows, [sampleIsOne]);
