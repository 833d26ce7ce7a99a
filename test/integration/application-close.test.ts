import type { BatchWriter, BatchWriterOptions } from "@millrace/cluster";
import { memoryEngineProvider } from "@millrace/state";
import { expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";
import { wordCount, wordTopics } from "./world/word-count.ts";

test("an application whose stores cannot be closed closes all else nevertheless", async () => {
  await using world = await TestWorld.start(wordTopics);
  const memory = memoryEngineProvider();
  const open = new Set<BatchWriter>();
  const process = world.process();
  const app = await world.app(wordCount(), {}, process, {
    engines: {
      ...memory,
      open: async (directory) => {
        const engine = await memory.open(directory);
        const close = () => Promise.reject(new Error("the disk is gone"));
        return Object.assign(engine, { close });
      },
    },
    clusterOf: (client) => {
      const openWriter = client.openWriter.bind(client);
      return Object.assign(client, {
        openWriter: (options: BatchWriterOptions) => {
          const writer = openWriter(options);
          const close = writer.close.bind(writer);
          open.add(writer);
          return Object.assign(writer, {
            close: (timeoutMs?: number) => close(timeoutMs).finally(() => open.delete(writer)),
          });
        },
      });
    },
  });
  expect(open.size).toBe(1);
  await app.close();
  expect(open.size).toBe(0);
  expect(process.events.map(({ name }) => name)).toContain("streams.state-not-closed");
});
