import { silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { MemoryEngine } from "../memory/memory-engine.ts";
import { DatabaseFolders } from "./database-folders.ts";

function folders() {
  const events: string[] = [];
  const logger = {
    ...silentLogger,
    log: (_level: string, event: string) => void events.push(event),
  };
  const platform = memoryPlatform({ logger });
  const { fileSystem } = platform;
  const damageOf = () => "damaged";
  const opening = new DatabaseFolders({ platform, engine: "sqlite", damageOf });
  return { fileSystem, events, opening };
}

test("a folder that was found damaged, and removed meanwhile, is opened anew", async () => {
  const { fileSystem, events, opening } = folders();
  let onDamage: (() => boolean) | undefined;
  const open = async (told: () => boolean) => {
    onDamage = told;
    return new MemoryEngine();
  };
  await opening.open("s/0_0", open);
  expect(onDamage?.()).toBe(true);
  fileSystem.removeDirectory("s/0_0");
  await opening.open("s/0_0", open);
  expect(fileSystem.stat("s/0_0")?.kind).toBe("directory");
  expect(events).toEqual([]);
  onDamage?.();
  await opening.open("s/0_0", open);
  expect(events).toEqual(["state.moved-aside"]);
});
