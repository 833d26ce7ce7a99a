import { expect, test } from "vitest";
import { AccessControlEntries } from "./access-control-entries.ts";

const prefixed = 4;
const topics = 2;

function entry(resourceName: string) {
  return {
    id: resourceName,
    resourceType: topics,
    resourceName,
    patternType: prefixed,
    principal: "User:ann",
    host: "*",
    operation: 3,
    permissionType: 3,
  };
}

function matching(entries: AccessControlEntries, name: string): readonly string[] {
  const found: string[] = [];
  entries.visitMatching(topics, name, ({ resourceName }) => {
    found.push(resourceName);
    return false;
  });
  return found.toSorted();
}

test("rules about the beginnings of a name are found, until they are taken away", () => {
  const entries = new AccessControlEntries();
  for (const name of ["a", "ann", "bob", "ann-", "ann-orders"]) entries.add(entry(name));
  expect(matching(entries, "ann-bills")).toEqual(["a", "ann", "ann-"]);
  expect(matching(entries, "ann-orders")).toEqual(["a", "ann", "ann-", "ann-orders"]);
  expect(matching(entries, "")).toEqual([]);
  entries.remove("bob");
  entries.remove("ann-");
  expect(matching(entries, "ann-bills")).toEqual(["a", "ann"]);
  entries.remove("ann");
  expect(matching(entries, "ann-bills")).toEqual(["a"]);
});

test("a name that is long costs no more than the rules that there are", () => {
  const entries = new AccessControlEntries();
  entries.add(entry("a"));
  const startMs = performance.now();
  for (let count = 0; count < 10; count++)
    expect(matching(entries, "a".repeat(100_000))).toEqual(["a"]);
  // A look at each of its beginnings takes minutes.
  expect(performance.now() - startMs).toBeLessThan(3000);
});
