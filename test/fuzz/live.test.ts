import { SeededRandom } from "@millrace/platform";
import { nodeCompression } from "@millrace/protocol/compression";
import { expect, test } from "vitest";

import { brokerWorld } from "../../packages/broker/test-support/broker-world.ts";
import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { apis } from "./apis.ts";
import { frameCount, seed } from "./fuzz-size.ts";
import { expectNoFailure, sendFrame } from "./live-world.ts";
import { makeRequest, pick } from "./make-message.ts";
import { mutate } from "./mutate.ts";

/*
 * A broker on a disk in memory, in virtual time: frames come, one connection after the other, and in the end it serves
 * an ordinary client.
 */
const frames = frameCount(400_000, 1000);
const mutationsEach = 10;
/** On one connection, if it lasts so long. */
const framesPerConnection = 10;

test(
  `${frames} mutated requests harm nobody but those who send them (seed ${seed})`,
  { timeout: 2_400_000 },
  async () => {
    const world = brokerWorld({ codecs: nodeCompression });
    const { platform } = world;
    const random = new SeededRandom(seed);
    const story = async (): Promise<void> => {
      const { broker, client: first } = await world.start();
      await first.createTopic("orders");
      let [client, sent, closed] = [first, 0, 0];
      for (let count = 0; count < frames; count += mutationsEach) {
        const api = pick(random, apis);
        const { min, max } = api.versions;
        const request = makeRequest(random, api, min + random.below(max - min + 1));
        for (let index = 0; index < mutationsEach; index++) {
          if (client.isClosed) closed++;
          if (client.isClosed || sent++ % framesPerConnection === 0) {
            client.connection.destroy();
            client = await TestClient.connect(platform, broker.address);
          }
          await sendFrame(world, client, mutate(random, request));
        }
        expectNoFailure(world);
      }
      expect(closed).toBeGreaterThan(0);
      const other = await TestClient.connect(platform, broker.address);
      await other.createTopic("afterwards");
      expect(await other.produce("afterwards", ["a"])).toMatchObject({ errorCode: 0 });
      expect(await other.fetch("afterwards", 0)).toMatchObject({ errorCode: 0, highWatermark: 1 });
      await broker.close();
      expectNoFailure(world);
    };
    await platform.until(story());
  },
);
