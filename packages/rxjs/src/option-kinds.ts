import { isSynchronousFunction } from "@millrace/model";
import { queueScheduler } from "rxjs";

export const backPressures = ["block", "buffer", "drop", "sample"] as const;

/** What becomes of records that come while a subscriber is at work. */
export type BackPressure = (typeof backPressures)[number];

export const boundByDefault = 10_000;

export const signalKind = {
  allowed: "an AbortSignal",
  accepts: (given: unknown) => given instanceof AbortSignal,
};

export const projectKind = {
  allowed: "a synchronous function that gives an Observable, a promise or the like",
  accepts: isSynchronousFunction,
};

/** One that works at once would have a subscriber's code run within a task. */
export const schedulerKind = {
  allowed: "a scheduler of rxjs other than queueScheduler",
  accepts: (given: unknown) =>
    typeof given === "object" &&
    given !== null &&
    given !== queueScheduler &&
    "schedule" in given &&
    "now" in given,
};

interface Given {
  readonly bound: number | undefined;
  readonly backPressure: BackPressure;
}

export const sampleIsOne = {
  demand: 'bound is not for backPressure "sample", which keeps one record',
  options: ["bound", "backPressure"],
  holds: ({ bound, backPressure }: Given) => bound === undefined || backPressure !== "sample",
} as const;
