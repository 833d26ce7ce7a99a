import { expect, test } from "vitest";
import { placeKey } from "./share-session.ts";
import { ShareSessions } from "./share-sessions.ts";

const sessionOf = (memberId: string, placeCount: number) => {
  const places = Array.from({ length: placeCount }, (_, partition) => ({
    topicId: "t",
    partition,
    mustTell: false,
  }));
  return {
    groupId: "g",
    memberId,
    epoch: 1,
    places: new Map(places.map((place) => [placeKey(place), place])),
  };
};

test("sessions have a bound of partitions together, and one that ends makes room", () => {
  const sessions = new ShareSessions(10, () => {}, 100);
  const { signal } = new AbortController();
  expect(sessions.add(sessionOf("a", 60), signal)).toBe(true);
  expect(sessions.add(sessionOf("b", 41), signal)).toBe(false);
  expect(sessions.add(sessionOf("c", 40), signal)).toBe(true);
  expect(sessions.hasRoomFor(1)).toBe(false);
  sessions.remove("g", "a");
  expect(sessions.add(sessionOf("b", 41), signal)).toBe(true);
});
