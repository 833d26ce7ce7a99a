import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  millrace,
  millraceProcess,
  spawnMillrace,
  startMillrace,
  type Ended,
  type Running,
  type RunningInside,
} from "../test-support/run-millrace.ts";
import { loadCommands } from "./load-commands.ts";

// The command as users have it: processes, their exit codes, pipes and signals. What a command does is the same inside
// this process, where commands that prepare a test, and others like the one that is a process, run: each process loads all
// of it anew.
const main = fileURLToPath(new URL("main.ts", import.meta.url));
let folder: string;
let broker: Running;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-process-"));
  broker = spawnMillrace("broker", "--data", join(folder, "data"), "--port", "0", "--json");
  const [, port] = await broker.said(/"port":(\d+)/);
  address = `127.0.0.1:${port}`;
});
afterAll(async () => {
  broker.child.kill("SIGTERM");
  await broker.ended;
  rmSync(folder, { recursive: true, force: true });
});

const onBroker = (words: string): string[] => [...words.split(" "), "--bootstrap-server", address];

async function portOf(broker: RunningInside): Promise<number> {
  return (JSON.parse(await broker.told) as { port: number }).port;
}

describe("exit codes and lines", () => {
  test("0: topics, records and groups from one command to the next", async () => {
    const run = async (words: string, input?: string): Promise<string> => {
      const given = onBroker(words);
      const ended = input === undefined ? millrace(given) : millraceProcess(input, ...given);
      const { code, out, err } = await ended;
      expect({ code, err }, words).toEqual({ code: 0, err: "" });
      return out;
    };
    expect(await run("topics create orders --partitions 1")).toBe("orders made\n");
    expect(await run("topics list")).toBe("orders\n");
    expect(await run("topics describe orders")).toContain("partition  start  end");
    expect(await run("produce orders --key-separator :", "ada:1\ngrace:2\n")).toBe(
      "2 records written to orders\n",
    );
    expect(await run("consume orders --from-beginning --to-end --keys")).toBe("ada\t1\ngrace\t2\n");
    expect(await run("consume orders --from-beginning --group g --count 1", "")).toBe("1\n");
    expect(await run("groups describe g")).toContain("lag 1");
  });

  test("0: help and version, without a cluster", async () => {
    const manifest = new URL("../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    expect(await millraceProcess("", "--version")).toEqual({
      code: 0,
      out: `millrace ${version}\n`,
      err: "",
    });
    for (const words of [["-h"], ["--help"], ["help"], []]) {
      const { code, out } = await millrace(words);
      expect(code).toBe(0);
      expect(out).toMatch(/^millrace broker +run a broker$/m);
      for (const { path, summary } of await loadCommands(undefined))
        expect(out.split("\n").filter((line) => line.startsWith(`millrace ${path} `))).toEqual([
          expect.stringMatching(new RegExp(` ${summary}$`)),
        ]);
    }
  });

  test("1: one line, and no stack", async () => {
    const nowhere = ["--bootstrap-server", "127.0.0.1:1"];
    const config = ["broker", "--data", join(folder, "x"), "--config", join(folder, "none")];
    const inProcess = (...words: readonly string[]) => millraceProcess("", ...words);
    const inside = (...words: readonly string[]) => millrace(words);
    for (const [run, words, message] of [
      [inside, ["topics", "list", ...nowhere], "127.0.0.1:1"],
      [inside, config, "--config"],
      [inside, ["broker", "--data", join(folder, "data"), "--port", "0"], "data"],
      [inProcess, onBroker("topics describe nowhere"), "there is no topic nowhere"],
    ] as const) {
      const { code, out, err } = await run(...words);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain(message);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  test("2: one line that names the flag", async () => {
    expect(await millraceProcess("", "topics", "lst")).toMatchObject({ code: 2, out: "" });
    for (const [words, message] of [
      [["broker"], "--data is missing"],
      [["broker", "--data", "x", "--port", "70000"], '--port is "70000"'],
      [["broker", "--data", "x", "--durability", "fsync"], '--durability is "fsync"'],
      [["consume", "--topc", "x"], "did you mean --topic?"],
      [["consume", "x", "--max-messages", "3"], "did you mean --count?"],
      [["topics", "list", "--cluster", "h:1"], "did you mean --bootstrap-server?"],
      [["broker", "--data-dir", "x"], "did you mean --data?"],
      [["serve"], "there is no command serve"],
    ] as const) {
      const { code, out, err } = await millrace(words);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(message);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    }
  });
});

describe("millrace log, of a broker that is stopped", () => {
  const data = (): string => join(folder, "logs");
  const segment = (): string => join(data(), "orders-0", "00000000000000000000.log");

  beforeAll(async () => {
    const own = startMillrace("broker", "--data", data(), "--port", "0", "--json");
    const at = ["--bootstrap-server", `127.0.0.1:${await portOf(own)}`];
    await millrace(["topics", "create", "orders", "--partitions", "1", ...at]);
    for (const line of ["ada", "grace", "alan"])
      await millrace(["produce", "orders", ...at], { lines: [line] });
    await own.end();
  });

  test("0 where all is well, 1 in a line where something is damaged, 0 again after the repair", async () => {
    const check = () => millrace(["log", "check", data()]);
    expect(await check()).toEqual({ code: 0, out: "all is well: 2 partitions\n", err: "" });
    const bytes = readFileSync(segment());
    bytes[bytes.indexOf("grace")] ^= 0x10;
    writeFileSync(segment(), bytes);
    const found = await millraceProcess("", "log", "check", data());
    expect(found.out).toMatch(/^damage: .*orders-0.*\.log at byte \d+, offset 1: .*checksum.*\n$/);
    expect(found).toMatchObject({
      code: 1,
      err: "millrace log check: 1 place is damaged: millrace log repair sets it aside, or put a copy of the file back\n",
    });
    const repaired = await millrace(["log", "repair", data()]);
    expect(repaired).toMatchObject({ code: 0, err: "" });
    expect(repaired.out.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/is kept as .*set-aside\/1\/orders-0/),
      expect.stringMatching(/was written anew, up to offset 3$/),
      expect.stringMatching(/^lost: .*offset 1: the checksum does not match$/),
    ]);
    expect(await check()).toMatchObject({ code: 0, err: "" });
  });

  test("1 in one line where there is no such folder, or a broker has it", async () => {
    for (const verb of ["check", "repair"])
      for (const [name, message] of [
        ["none", "there is no such folder"],
        ["data", "another process uses it"],
      ]) {
        const { code, out, err } = await millrace(["log", verb, join(folder, name)]);
        expect({ code, out }).toEqual({ code: 1, out: "" });
        expect(err).toMatch(new RegExp(`^millrace log ${verb}: .*${message}.*\n$`));
      }
  });

  test("2 without a folder, and with two", async () => {
    for (const words of [["check"], ["repair"], ["check", "a", "b"], ["repair", "a", "b"]]) {
      const { code, out, err } = await millrace(["log", ...words]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("give one folder: DIR");
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    }
  });
});

test("a line of input is a record, as it is; what is no text is refused", async () => {
  const text = '{"id":12345678901234567890,"text":"x\u2028y"}';
  const input = Buffer.concat([Buffer.from(`${text}\n7\n`), Buffer.from([0xff, 0x0a])]);
  await millrace(onBroker("topics create exact --partitions 1"));
  expect(await millraceProcess(input, ...onBroker("produce exact --value json"))).toEqual({
    code: 1,
    out: "2 records written to exact\n",
    err: expect.stringContaining("line 3 is no UTF-8"),
  });
  const { out } = await millrace(onBroker("consume exact --from-beginning --to-end --offsets"));
  expect(out).toBe(`0:0\t${text}\n0:1\t7\n`);
});

test("a reader who goes away ends it in silence", async () => {
  await millrace(onBroker("topics create long --partitions 1"));
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} ${"x".repeat(50)}`);
  await millrace(onBroker("produce long"), { lines });
  const words = onBroker("consume long --from-beginning").join(" ");
  const child = spawn("bash", [
    "-c",
    `"${process.execPath}" "${main}" ${words} | head -n 1; echo "codes \${PIPESTATUS[0]}"`,
  ]);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  await new Promise((resolve) => child.once("close", resolve));
  expect(output).toBe(`${lines[0]}\ncodes 0\n`);
});

describe("Ctrl-C", () => {
  let mute: Server;
  let muteAddress: string;

  beforeAll(async () => {
    mute = createServer(() => {}); // takes connections and never answers
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    muteAddress = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
  });
  afterAll(() => mute.close());

  function interrupted(running: Running | RunningInside): Promise<Ended> {
    if ("end" in running) return running.end();
    running.child.kill("SIGINT");
    return running.ended;
  }

  test("ends a command that waits for a cluster, as a failure", async () => {
    for (const words of ["topics list", "consume orders", "groups list", "produce orders"]) {
      const connected = new Promise((resolve) => mute.once("connection", resolve));
      const given = [...words.split(" "), "--bootstrap", muteAddress];
      const running =
        words === "consume orders" ? spawnMillrace(...given) : startMillrace(...given);
      await connected;
      const startMs = performance.now();
      const { code, out, err } = await interrupted(running);
      expect(performance.now() - startMs, words).toBeLessThan(2000);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(/^millrace [a-z ]+: interrupted\n$/);
    }
  });

  test("ends a consumer, alone or in a group, as it is meant to end", async () => {
    await millrace(onBroker("topics create ends --partitions 1"));
    await millrace(onBroker("produce ends"), { lines: ["x"] });
    const alone = startMillrace(...onBroker("consume ends --from-beginning"));
    const member = spawnMillrace(...onBroker("consume ends --from-beginning --group ends"));
    await Promise.all([alone.told, member.said(/x/)]);
    for (const running of [alone, member]) {
      const startMs = performance.now();
      expect(await interrupted(running)).toEqual({ code: 0, out: "x\n", err: "" });
      expect(performance.now() - startMs).toBeLessThan(3000);
    }
  });

  test("ends a producer that waits for input; what it had read is written", async () => {
    await millrace(onBroker("topics create typed --partitions 1"));
    const running = spawnMillrace(...onBroker("produce typed"));
    running.child.stdin?.write("one\ntwo\n");
    const described = async () => (await millrace(onBroker("topics describe typed"))).out;
    await expect.poll(described, { timeout: 10_000 }).toMatch(/0 +0 +2/);
    const startMs = performance.now();
    expect(await interrupted(running)).toMatchObject({
      code: 0,
      out: "2 records written to typed\n",
    });
    expect(performance.now() - startMs).toBeLessThan(3000);
  });

  test("ends a broker that still opens its logs with code 0, too", async () => {
    const own = ["broker", "--data", join(folder, "opening"), "--port", "0"];
    const ended = await millrace(own, { signal: AbortSignal.abort() });
    expect(ended).toEqual({ code: 0, out: "", err: "" });
  });

  test("ends a broker with code 0, and a second one at once", async () => {
    const running = spawnMillrace("broker", "--data", join(folder, "second"), "--port", "0");
    await running.said(/^millrace broker is ready at 127\.0\.0\.1:\d+\n$/);
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 0, err: "" });
  });
});

test("a broker takes Kafka's properties from a file and from flags", async () => {
  const file = join(folder, "server.properties");
  writeFileSync(file, "# by hand\nnum.partitions=3\ngroup.min.session.timeout.ms=1000\n");
  const flags = ["--config", file, "--override", "num.partitions=5", "--port", "0", "--json"];
  const running = startMillrace("broker", "--data", join(folder, "third"), ...flags);
  const on = ["--bootstrap-server", `127.0.0.1:${await portOf(running)}`];
  await millrace(["topics", "create", "t", ...on]);
  const described = await millrace(["topics", "describe", "t", "--json", ...on]);
  expect(JSON.parse(described.out)).toMatchObject({ partitions: { length: 5 } });
  expect((await running.end()).code).toBe(0);
  const wrong = ["broker", "--data", join(folder, "fourth"), "--override", "no.such.thing=1"];
  const { code, err } = await millrace(wrong);
  expect(code).toBe(1);
  expect(err).toContain("no.such.thing");
});

test("groups start at once on a broker by hand", async () => {
  await millrace(onBroker("topics create quick --partitions 1"));
  await millrace(onBroker("produce quick"), { lines: ["x"] });
  const startMs = performance.now();
  const { out } = await millrace(
    onBroker("consume quick --group quick --from-beginning --count 1"),
  );
  expect(out).toBe("x\n");
  expect(performance.now() - startMs).toBeLessThan(2900); // Kafka's delay alone is 3000
});
