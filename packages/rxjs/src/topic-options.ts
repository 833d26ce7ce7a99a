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
  /** As of `fromStream`, but that `block` asks for the next record once a subscriber has done its work. */
  backPressure: choiceOption(backPressures, { byDefault: "block" }),
  /** How many records may wait for a subscriber. */
  bound: numberOption({ min: 1, defaultText: String(boundByDefault) }),
  /** Done for each record, as of `fromStream`. */
  project: valueOption<AnyProject>(projectKind),
  /** Completes the Observable when it aborts. */
  signal: valueOption<AbortSignal>(signalKind),
  /** Gives a subscriber its turns. */
  scheduler: valueOption<SchedulerLike>(schedulerKind, { defaultText: "asyncScheduler" }),
};

/** What becomes of a topic's records that come while a subscriber is at work. */
export interface TopicPaceOptions extends Omit<GivenOptions<typeof rows>, "project"> {}

export const topicOptionTable = optionTable("fromTopic", rows, [
  sampleIsOne,
  {
    demand:
      'bound is not for backPressure "block", which asks for a record at a time; bufferBytesMax bounds what is fetched ahead',
    options: ["bound", "backPressure"],
    holds: ({ bound, backPressure }) => bound === undefined || backPressure !== "block",
  },
]);
