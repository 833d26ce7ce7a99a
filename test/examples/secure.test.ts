import { execFileSync, execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Broker, parsePropertiesFile } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { connect, string } from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { secureCluster } from "../../examples/secure/src/secure-cluster.ts";
import { receipts, topics } from "../../examples/secure/src/topology.ts";
import { repository } from "../tidy/source-files.ts";
import { runExample } from "./run-example.ts";

const here = join(repository, "examples/secure");

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("each payment has its receipt", async () => {
  await using driver = new TopologyTestDriver(receipts());
  const output = driver.output(topics.receipts, { key: string(), value: string() });
  driver
    .input(topics.payments, { key: string(), value: string() })
    .pipe("1", '{"customer":"ada","amount":3}');
  expect(output.readAll().map(({ key, value }) => [key, value])).toEqual([["1", "ada paid 3"]]);
});

test.runIf(hasOpenssl())("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("secure")).toEqual([
    "a receipt: ada paid 12",
    "a wrong password: AUTHENTICATION_FAILED",
    "a broker that nobody vouches for: CERTIFICATE_NOT_TRUSTED",
    "what no rule allows: NOT_AUTHORIZED",
  ]);
});

test.runIf(hasOpenssl() && process.env["MILLRACE_VERIFY"] === "1")(
  "the owner's commands and the properties are those that the containers' application needs",
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-secure-"));
    execFileSync(join(here, "certificates.sh"), [folder, "broker", "localhost"], {
      stdio: "ignore",
    });
    const broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
      dataDirectory: join(folder, "data"),
      properties: {
        ...parsePropertiesFile(readFileSync(join(here, "broker.properties"), "utf8")),
        listeners: "MASTER://127.0.0.1:0,CLIENTS://localhost:0",
        "advertised.listeners": "",
        "ssl.keystore.location": join(folder, "broker.pem"),
      },
    });
    const [master, clients] = broker.addresses.map(({ host, port }) => `${host}:${port}`);
    const command = join(folder, "millrace");
    const main = join(repository, "packages/millrace/src/main.ts");
    writeFileSync(command, `#!/bin/sh\nexec node ${main} "$@" --bootstrap-server ${master}\n`);
    chmodSync(command, 0o755);
    const PATH = `${folder}:${process.env["PATH"]}`;
    const run = promisify(execFile);
    await run("sh", [join(here, "owner.sh")], {
      env: { ...process.env, PATH, MILLRACE_PASSWORD: "her-secret" },
    });
    const caFile = join(folder, "ca.pem");
    const app = execFile(process.execPath, [join(here, "src/app.ts")], {
      env: {
        ...process.env,
        KAFKA_SERVERS: clients,
        KAFKA_CA_FILE: caFile,
        KAFKA_PASSWORD: "her-secret",
      },
    });
    const owner = connect({ bootstrapServers: master });
    await owner
      .producer()
      .send({ topic: "payments", key: "1", value: '{"customer":"bob","amount":7}' });
    const consumer = owner.consumer({
      topics: ["receipts"],
      autoOffsetReset: "earliest",
      value: string(),
    });
    for await (const { value } of consumer) {
      expect(value).toBe("bob paid 7");
      break;
    }
    app.kill();
    const client = connect(secureCluster(clients, caFile, "her-secret"));
    await expect(client.producer().send({ topic: "payments", value: "x" })).rejects.toMatchObject({
      code: "NOT_AUTHORIZED",
    });
    await client.close();
    await owner.close();
    await broker.close();
    rmSync(folder, { recursive: true });
  },
);
