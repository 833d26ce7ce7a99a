import { afterEach, beforeEach } from "vitest";

import { TestWorld } from "./test-world.ts";

/** Each test of the file has a world of its own, of which `take` is told before it. */
export function worldOfEachTest(
  take: (world: TestWorld) => void,
  ...start: Parameters<typeof TestWorld.start>
): void {
  let world: TestWorld;
  beforeEach(async () => {
    world = await TestWorld.start(...start);
    take(world);
  });
  afterEach(() => world[Symbol.asyncDispose]());
}
