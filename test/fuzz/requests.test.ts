import { SeededRandom } from "@millrace/platform";
import { codecOf, decodeRequestHeader, ProtocolError } from "@millrace/protocol";
import { Reader } from "@millrace/protocol/wire";
import { expect, test } from "vitest";

import { AllocationWatch } from "./allocation.ts";
import { frameCount, seed } from "./fuzz-size.ts";
import { apis } from "./apis.ts";
import { makeRequest, pick } from "./make-message.ts";
import { mutate } from "./mutate.ts";

/** Objects of a list's elements are larger than their bytes; there are never more than bytes claim them. */
const multipleMax = 400;
const turnMsMax = 1000;
/** As the broker has it. */
const elementsMax = 50_000;
const frames = frameCount(3_000_000, 9000);
/** A message is made once, and mutated so many times. */
const mutationsEach = 20;

function decode(frame: Uint8Array): void {
  const header = decodeRequestHeader(frame);
  const { min, max } = header.api.versions;
  // Of ApiVersions any version passes, and its body is not read then.
  if (header.apiVersion < min || header.apiVersion > max) return;
  const reader = new Reader(frame, header.bodyStart, elementsMax);
  codecOf(header.api.request, header.apiVersion).read(reader);
}

// It comes first: codecs are made when they are first used.
test("a request that is not mutated is decoded", () => {
  const random = new SeededRandom(seed);
  for (const api of apis)
    for (let version = api.versions.min; version <= api.versions.max; version++)
      decode(makeRequest(random, api, version));
});

test(
  `${frames} mutated requests are decoded or refused, within a multiple of their size (seed ${seed})`,
  { timeout: 2_400_000 },
  () => {
    const random = new SeededRandom(seed);
    const watch = new AllocationWatch();
    let refused = 0;
    for (let count = 0; count < frames; count += mutationsEach) {
      const api = pick(random, apis);
      const { min, max } = api.versions;
      const request = makeRequest(random, api, min + random.below(max - min + 1));
      const { bodyStart } = decodeRequestHeader(request);
      for (let index = 0; index < mutationsEach; index++) {
        const frame = mutate(random, request, random.chance(0.8) ? bodyStart : 0);
        const thrown = watch.run(frame.length, () => decode(frame));
        if (thrown === undefined) continue;
        refused++;
        if (!(thrown instanceof ProtocolError))
          throw new Error(`seed ${seed}: ${Buffer.from(frame).toString("hex")}`, { cause: thrown });
      }
    }
    console.log(
      `${frames} requests of ${apis.length} APIs, ${refused} refused; ` +
        `at most ${Math.round(watch.greatest)} times their size, ${Math.round(watch.longestMs)} ms`,
    );
    expect(refused).toBeGreaterThan(frames / 4);
    expect(watch.greatest).toBeLessThan(multipleMax);
    expect(watch.longestMs).toBeLessThan(turnMsMax);
  },
);

test("lists that claim two gigabytes, or as many elements as there are bytes, take no more than others", () => {
  const watch = new AllocationWatch();
  const random = new SeededRandom(seed);
  for (const api of apis) {
    const version = api.versions.max;
    const request = makeRequest(random, api, version);
    for (const filler of [0x00, 0x01, 0x02, 0x7f, 0xff]) {
      // The header, and then nothing but one byte over and over.
      const frame = new Uint8Array(200_000).fill(filler);
      frame.set(request.subarray(0, 14));
      const thrown = watch.run(frame.length, () => decode(frame));
      if (thrown !== undefined) expect(thrown).toBeInstanceOf(ProtocolError);
    }
  }
  expect(watch.greatest).toBeLessThan(multipleMax);
  expect(watch.longestMs).toBeLessThan(turnMsMax);
});
