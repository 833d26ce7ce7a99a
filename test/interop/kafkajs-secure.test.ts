import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { kafkajsCluster } from "@millrace/kafkajs";
import { Kafka, logLevel } from "kafkajs";
import { StreamsApp } from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  countsTopic,
  linesTopic,
  wordCountTopology,
} from "../../examples/word-count/src/topology.ts";
import { type ApacheKafka, missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 120_000;

let kafka: ApacheKafka | undefined;
let secureAddress = "";
let certificate = "";

/** A key and a certificate of its own for the loopback address. */
function makeCertificate(): { readonly key: string; readonly certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-certificate-"));
  try {
    const [key, out] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", ...kind, "-keyout", key, "-out", out, ...subject], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(out, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As a file of properties takes it. */
function oneLine(pem: string): string {
  return pem.trim().replaceAll("\n", "\\n");
}

function serviceAs(password: string): Kafka {
  return new Kafka({
    brokers: [secureAddress],
    logLevel: logLevel.NOTHING,
    ssl: { ca: [certificate] },
    sasl: { mechanism: "plain", username: "ann", password },
    retry: { initialRetryTime: 50, retries: 3 },
  });
}

function startApp(password: string): Promise<StreamsApp> {
  return StreamsApp.start(wordCountTopology(), {
    applicationId: "word-count",
    cluster: kafkajsCluster(serviceAs(password)),
    processingGuarantee: "at_least_once",
    commitInterval: "200ms",
    topics: { [linesTopic]: 2, [countsTopic]: 2 },
  });
}

describe.skipIf(missing !== undefined)(`Apache Kafka with TLS and sign-in${note}`, () => {
  beforeAll(async () => {
    const made = makeCertificate();
    ({ certificate } = made);
    kafka = await startApacheKafka({
      properties: (port) => {
        secureAddress = `127.0.0.1:${port + 2}`;
        const open = `PLAINTEXT://127.0.0.1:${port}`;
        const secure = `SASL_SSL://${secureAddress}`;
        const security = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL";
        return {
          listeners: `${open},CONTROLLER://127.0.0.1:${port + 1},${secure}`,
          "advertised.listeners": `${open},${secure}`,
          "listener.security.protocol.map": security,
          "sasl.enabled.mechanisms": "PLAIN",
          "listener.name.sasl_ssl.plain.sasl.jaas.config":
            'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="secret";',
          "ssl.keystore.type": "PEM",
          "ssl.keystore.key": oneLine(made.key),
          "ssl.keystore.certificate.chain": oneLine(made.certificate),
        };
      },
    });
  }, timeoutMs);

  afterAll(() => kafka?.[Symbol.asyncDispose](), timeoutMs);

  test(
    "an application runs on an instance that signs in over TLS",
    { timeout: timeoutMs },
    async () => {
      await using app = await startApp("secret");
      const service = serviceAs("secret");
      const producer = service.producer();
      await producer.connect();
      await producer.send({ topic: linesTopic, messages: [{ value: "the wheel the water" }] });
      await producer.disconnect();
      const counts = new Map<string, number>();
      const consumer = service.consumer({ groupId: "readers" });
      await consumer.connect();
      await consumer.subscribe({ topic: countsTopic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message: { key, value } }) => {
          counts.set(`${key}`, Number(value?.readBigInt64BE() ?? 0n));
        },
      });
      await expect
        .poll(() => Object.fromEntries(counts), { timeout: 30_000 })
        .toEqual({ the: 2, wheel: 1, water: 1 });
      await consumer.disconnect();
      expect(app.state).toBe("running");
    },
  );

  test("a wrong password is told as such, at once", { timeout: timeoutMs }, async () => {
    await expect(startApp("wrong")).rejects.toMatchObject({ code: "NOT_AUTHORIZED" });
  });
});
