import type { StreamsApp } from "@millrace/streams";

import { eventually } from "./eventually.ts";

/** Of the word count on four partitions. */
export const allTasks = ["0_0", "0_1", "0_2", "0_3", "1_0", "1_1", "1_2", "1_3"];

export function tasksOf(...apps: readonly StreamsApp[]): readonly string[] {
  return apps.flatMap(({ tasks }) => tasks).toSorted();
}

/** Waits until the applications have all tasks, each its share. */
export async function expectShared(...apps: readonly StreamsApp[]): Promise<void> {
  const least = Math.floor(allTasks.length / apps.length);
  const shares = () => ({
    tasks: tasksOf(...apps),
    areFair: apps.every(({ tasks }) => tasks.length >= least),
  });
  await eventually(shares).toEqual({ tasks: allTasks, areFair: true });
}
