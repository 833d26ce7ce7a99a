import type { Clock } from "@millrace/platform";
import { expect, test } from "vitest";
import { ConnectionSlots } from "./connection-slots.ts";

function slots(bounds: { all?: number; each?: number; of?: readonly [string, number][] }) {
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs } as Clock;
  const all = new ConnectionSlots<Peer>(
    {
      connectionsMax: bounds.all ?? 1000,
      connectionsPerAddressMax: bounds.each ?? 1000,
      connectionsOfAddresses: new Map(bounds.of),
    },
    clock,
  );
  return { all, pass: (ms: number) => (nowMs += ms) };
}

interface Peer {
  readonly remoteAddress: string;
  destroy(): void;
}

const peer = (remoteAddress = "10.0.0.1"): Peer => ({ remoteAddress, destroy: () => {} });

test("an address has its number of places, and an override another one", () => {
  const { all } = slots({ each: 1, of: [["10.0.0.2", 2]] });
  expect(all.add(peer())).toBeUndefined();
  const second = peer();
  expect(all.add(second)).toBe(second);
  for (let count = 0; count < 2; count++) expect(all.add(peer("10.0.0.2"))).toBeUndefined();
  const third = peer("10.0.0.2");
  expect(all.add(third)).toBe(third);
  all.remove(third);
  expect(all.remove(third)).toBe(false);
});

test("where all places are taken, who has been silent the longest gives way", () => {
  const { all, pass } = slots({ all: 2 });
  const [asking, silent, young] = [peer(), peer(), peer()];
  expect([all.add(asking), all.add(silent)]).toEqual([undefined, undefined]);
  all.asked(asking);
  pass(1000);
  expect(all.add(young)).toBe(silent);
  all.remove(silent);
  const refused = peer();
  expect(all.add(refused)).toBe(refused); // the other silent one has only just come
  all.remove(refused);
  expect(all.size).toBe(2);
  all.asked(young);
  pass(60_000);
  expect(all.add(refused)).toBe(refused); // all of them ask things
});
