import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { millrace, type Ended, type InProcess } from "../../test-support/run-millrace.ts";
import { withClient } from "../cluster-flags.ts";

let folder: string;
let broker: Broker;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: folder,
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
    codecs: nodeCompression,
  });
  address = `127.0.0.1:${broker.address.port}`;
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `millrace COMMAND` on the broker; the words are split at blanks. */
function run(words: string, more: InProcess = {}): Promise<Ended> {
  const parameters = words.split(" ").filter((word) => word !== "");
  return millrace([...parameters, "--bootstrap-server", address], more);
}

async function done(words: string, more: InProcess = {}): Promise<string> {
  const ended = await run(words, more);
  expect(ended.err).toBe("");
  expect(ended.code).toBe(0);
  return ended.out;
}

async function failed(words: string, more: InProcess = {}): Promise<string> {
  const ended = await run(words, more);
  expect(ended.code).toBe(1);
  expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
  return ended.err;
}

const rows = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("topics", () => {
  test("are made, listed, described and deleted", async () => {
    const made = "topics create red --topic green --partitions 2 --config retention.ms=86400000";
    expect(await done(made)).toBe("red made\ngreen made\n");
    expect(await done("topics list")).toMatch(/^green$[\s\S]*^red$/m);
    expect(await done("topics")).toBe(await done("topics list"));
    expect(rows(await done("topics list --json"))).toContainEqual({
      name: "red",
      partitionCount: 2,
      isInternal: false,
    });
    await done("produce red --partition 1", { lines: ["a", "b"] });
    expect(await done("topics describe red")).toMatch(
      /^red {2}id \S{22}\n {2}partition {2}start {2}end\n +0 +0 +0\n +1 +0 +2\n$/,
    );
    expect(rows(await done("topics describe green red --json"))).toMatchObject([
      { name: "green" },
      {
        name: "red",
        partitions: [
          { partition: 0, start: 0, end: 0 },
          { partition: 1, start: 0, end: 2 },
        ],
      },
    ]);
    expect(await done("topics delete red green")).toBe("red deleted\ngreen deleted\n");
    expect(await done("topics list")).not.toMatch(/^red$/m);
  });

  test("the cluster's own are listed when they are asked for", async () => {
    await done("topics create owned");
    await done("consume owned --group owner --count 1 --from-beginning", {
      ...(await withRecords("owned", ["x"])),
    });
    expect(await done("topics list")).not.toContain("__consumer_offsets");
    expect(await done("topics list --internal")).toContain("__consumer_offsets");
  });

  test("that are there, or are not, are failures in one line unless they are forgiven", async () => {
    await done("topics create blue");
    expect(await failed("topics create blue")).toContain("blue");
    expect(await done("topics create blue --if-not-exists")).toBe("blue is there already\n");
    expect(await failed("topics delete nowhere")).toBe(
      "millrace topics delete: there is no topic nowhere\n",
    );
    expect(await done("topics delete nowhere blue --if-exists")).toBe(
      "nowhere is not there\nblue deleted\n",
    );
    expect(await failed("topics describe nowhere elsewhere")).toBe(
      "millrace topics describe: there is no topic nowhere, elsewhere\n",
    );
    expect(await failed("topics create bad --config no.such=1")).toContain("no.such");
  });
});

/** Writes records first. */
async function withRecords(topic: string, lines: readonly string[]): Promise<InProcess> {
  await done(`produce --topic ${topic}`, { lines });
  return {};
}

describe("produce and consume", () => {
  test("a line is a record, and is printed as one", async () => {
    await done("topics create plain --partitions 1");
    expect(await done("produce plain", { lines: ["one", "", "three"] })).toBe(
      "3 records written to plain\n",
    );
    expect(await done("consume plain --from-beginning --to-end")).toBe("one\n\nthree\n");
    expect(await done("consume --topic plain --from-beginning --count 1")).toBe("one\n");
    expect(await done("consume plain --to-end")).toBe("");
    expect(await done("consume plain --partition 0 --offset 2 --to-end")).toBe("three\n");
    expect(await done("consume plain --offset earliest --to-end")).toBe("one\n\nthree\n");
    expect(await done("consume plain --offset latest --to-end")).toBe("");
    expect(await done("consume plain --offset 1970-01-01 --to-end")).toBe("one\n\nthree\n");
    expect(await done("consume plain --offset 2999-01-01T00:00Z --to-end")).toBe("");
  });

  test("keys, formats, headers, times, partitions, offsets and null", async () => {
    await done("topics create typed --partitions 3");
    const form = "--key-separator : --key int64 --value json --header source=test --header n=1";
    await done(`produce typed ${form} --partition 2 --null -`, {
      lines: ['7:{"a": 1}', "8:-"],
    });
    const printed = await done(
      "consume typed --from-beginning --to-end --key int64 --value json --timestamps --offsets --headers",
    );
    const [first, second] = printed.split("\n");
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\t2:0\tsource=test,n=1\t7\t\{"a":1\}$/);
    expect(second).toMatch(/\t2:1\tsource=test,n=1\t8\tnull$/);
    const asJson = await done(
      "consume typed --from-beginning --to-end --key hex --value json --json --partition 2",
    );
    expect(rows(asJson)).toEqual([
      {
        topic: "typed",
        partition: 2,
        offset: 0,
        timestamp: expect.any(Number),
        key: "0000000000000007",
        value: { a: 1 },
        headers: [
          ["source", "test"],
          ["n", "1"],
        ],
      },
      expect.objectContaining({ offset: 1, value: null }),
    ]);
    expect(await done("consume typed --partition 0 --from-beginning --to-end")).toBe("");
  });

  test("a record of another format is told with its place", async () => {
    await done("topics create wrong --partitions 1");
    await done("produce wrong", { lines: ["abc"] });
    expect(await failed("consume wrong --from-beginning --to-end --value int64")).toContain(
      "the value of wrong-0 at offset 0 is no int64 (3 bytes: 616263)",
    );
  });

  test("a line that cannot be written is told by its number; those before it are written", async () => {
    await done("topics create halves --partitions 1");
    const ended = await run("produce halves --value int64", { lines: ["1", "two", "3"] });
    expect(ended.code).toBe(1);
    expect(ended.out).toBe("1 record written to halves\n");
    expect(ended.err).toBe('millrace produce: the value of line 2 is "two", which is no int64\n');
    expect(await failed("produce halves --key-separator :", { lines: ["a"] })).toContain(
      'line 1 has no key: there is no ":"',
    );
  });

  test("what is not there is told", async () => {
    await done("topics create small --partitions 2");
    expect(await failed("consume small --partition 2")).toContain("small has 2 partitions");
    expect(await failed("produce small --partition 2")).toContain("small has 2 partitions");
    expect(await failed("consume small --partition 1 --offset 5")).toBe(
      "millrace consume: small-1 has no offset 5: it goes from 0 to 0\n",
    );
    expect(await failed("consume nowhere")).toBe("millrace consume: there is no topic nowhere\n");
    expect(await failed("produce nowhere")).toContain("nowhere");
  });

  test("read-committed hides what is not committed, read-uncommitted shows it", async () => {
    await done("topics create tx --partitions 1");
    await withClient({ "bootstrap-server": address }, async (client) => {
      const writer = client.openWriter({ transactionalId: "cli-test" });
      await writer.initialize();
      await writer.prepare(["tx"]);
      writer.begin();
      writer.partition("tx", 0).append(1, null, new TextEncoder().encode("open"), []);
      await writer.flush();
      expect(await done("consume tx --from-beginning --to-end")).toBe("");
      expect(await done("consume tx --from-beginning --to-end --isolation read_uncommitted")).toBe(
        "open\n",
      );
      await writer.abort();
      await writer.close();
    });
  });

  test("a consumer that waits ends without a word when it is asked to", async () => {
    await done("topics create waits --partitions 1");
    for (const group of ["", "--group waiting"]) {
      const stop = new AbortController();
      const ended = run(`consume waits --from-beginning ${group}`, {
        signal: stop.signal,
        onPrint: () => stop.abort(),
      });
      await done("produce waits", { lines: ["x"] });
      expect(await ended).toEqual({ code: 0, out: "x\n", err: "" });
    }
  });
});

describe("groups", () => {
  test("go on where they stopped, tell their lag, and are moved", async () => {
    await done("topics create orders --partitions 1");
    await done("produce orders", { lines: ["1", "2", "3", "4", "5"] });
    const consume = "consume orders --group bill --from-beginning --count 2";
    expect(await done(consume)).toBe("1\n2\n");
    expect(await done(consume)).toBe("3\n4\n");
    expect(await done("groups list")).toMatch(/^bill +Empty +classic +consumer$/m);
    expect(rows(await done("groups list --json"))).toContainEqual({
      groupId: "bill",
      type: "classic",
      protocolType: "consumer",
      state: "Empty",
    });
    const described = await done("groups describe bill");
    expect(described).toMatch(/^bill {2}Empty {2}members 0 {2}lag 1\n/);
    expect(described).toMatch(/^ {2}orders +0 +4 +5 +1 +-$/m);
    expect(rows(await done("groups describe --group bill --json"))).toMatchObject([
      { groupId: "bill", lag: 1, partitions: [{ committed: 4, end: 5, lag: 1 }] },
    ]);

    const plan = await done("groups reset-offsets bill --topic orders --to-earliest");
    expect(plan).toMatch(/orders +0 +4 +0\nnothing is changed yet; --execute does it\n$/);
    expect(await done("consume orders --group bill --count 1")).toBe("5\n");
  });

  test.each([
    ["--to-earliest", 0],
    ["--to-latest", 5],
    ["--to-offset 3", 3],
    ["--to-offset 99", 5],
    ["--shift-by -1", 1],
    ["--shift-by 2", 4],
    ["--shift-by -99", 0],
    ["--to-datetime 1970-01-01", 0],
    ["--to-datetime 2999-01-01", 5],
  ])("reset-offsets %s goes to %s, within what is there", async (target, offset) => {
    const name = `reset${target.replaceAll(/\W/g, "")}`;
    await done(`topics create ${name} --partitions 1`);
    await done(`produce ${name}`, { lines: ["1", "2", "3", "4", "5"] });
    await done(`consume ${name} --group ${name} --from-beginning --count 2`);
    const moved = await done(
      `groups reset-offsets ${name} --topic ${name}:0 ${target} --execute --json`,
    );
    expect(rows(moved)).toEqual([{ groupId: name, topic: name, partition: 0, from: 2, offset }]);
    expect(rows(await done(`groups describe ${name} --json`))).toMatchObject([
      { partitions: [{ committed: offset }] },
    ]);
  });

  test("that have members are not moved, and say who has which partition", async () => {
    await done("topics create busy --partitions 1");
    await done("produce busy", { lines: ["1"] });
    const stop = new AbortController();
    let wake = (): void => {};
    const read = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const member = run("consume busy --group busy --from-beginning", {
      signal: stop.signal,
      onPrint: () => wake(),
    });
    await read;
    expect(
      await failed("groups reset-offsets busy --topic busy --to-earliest --execute"),
    ).toContain("group busy has members (it is Stable)");
    expect(await done("groups describe busy")).toMatch(/busy +0 +\S+ +1 +\S+ +millrace-cli-\S+/);
    expect(await failed("groups delete busy")).toContain("busy");
    stop.abort();
    await member;
    expect(await done("groups delete busy")).toBe("busy deleted\n");
    expect(await failed("groups describe busy")).toContain("busy");
  });

  test("what is not there is told", async () => {
    expect(await failed("groups describe nobody")).toContain("there is no group nobody");
    expect(await failed("groups reset-offsets g --topic nowhere --to-latest")).toContain(
      "there is no topic nowhere",
    );
    await done("topics create one --partitions 1");
    expect(await failed("groups reset-offsets g --topic one:0,4 --to-latest")).toContain(
      "one has 1 partitions, from 0; there is no 4",
    );
  });
});

describe("a command line that is not understood costs nothing and is told in one line", () => {
  test.each([
    ["topics lst", "there is no command topics lst; did you mean topics list?"],
    ["streams", "there is no command streams; there are streams describe, streams diff"],
    ["topics create", "--topic is missing"],
    ["topics create a --partitions 0", '--partitions is "0"'],
    ["topics create a --partitions two", '--partitions is "two"'],
    ["topics create a --replication-factor 0", '--replication-factor is "0"'],
    ["topics create a --config x", '--config is "x"'],
    ["topics list a", '"a" is not understood'],
    ["configs alter --topic a retention.ms=-1", "; give --add-config retention.ms=-1"],
    ["consume", "--topic is missing"],
    ["consume a b", "one topic at a time"],
    ["consume a --topic b", "one topic at a time"],
    ["consume a --count -1", '--count is "-1"'],
    ["consume a --offset 3", "--offset N is of one partition; give --partition, too"],
    ["consume a --offset soon", '--offset is "soon"'],
    ["consume a --offset earliest --from-beginning", "does not go with --from-beginning"],
    ["consume a --isolation dirty", '--isolation is "dirty"'],
    ["consume a --value xml", '--value is "xml"'],
    ["consume a --group g --partition 0", "--group does not go with --partition"],
    ["produce", "--topic is missing"],
    ["produce a --key-separator", "--key-separator has no value"],
    ["produce a --header x", '--header is "x"'],
    ["groups describe", "--group is missing"],
    ["groups reset-offsets g --topic a", "give one of --to-earliest"],
    ["groups reset-offsets g --topic a --to-latest --shift-by 1", "give one of --to-earliest"],
    ["groups reset-offsets --topic a --to-latest", "--group is missing"],
    ["groups reset-offsets g --to-latest", "--topic is missing"],
    ["groups reset-offsets g --topic a:x --to-latest", '--topic is "a:x"'],
    ["groups reset-offsets g --topic a --to-datetime tomorrow", '--to-datetime is "tomorrow"'],
  ])("%s", async (words, message) => {
    // Nobody listens there: a command that asked the cluster first would fail otherwise.
    const ended = await millrace([...words.split(" "), "--bootstrap", "127.0.0.1:1"]);
    expect(ended.err).toContain(message);
    expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
    expect(ended).toMatchObject({ code: 2, out: "" });
  });
});
