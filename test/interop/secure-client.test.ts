import { connect, type ConnectOptions } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { StreamsApp, StreamsBuilder } from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { facts, realCertificates } from "../../packages/platform/test-support/certificates.ts";
import { missingFor } from "./apache-kafka.ts";
import {
  ca,
  type SecureCluster,
  sessionMs,
  startSecureBundled,
  startSecureKafka,
} from "./secure-cluster.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const startTimeoutMs = 120_000;
const storyTimeoutMs = 60_000;

const platform = nodePlatform({ logLevel: "error" });
function token(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ sub: "ann", iat, exp: iat + 600 })}.`;
}

const ann = { username: "ann", password: "secret" };
const identity = realCertificates.identity(facts({ subject: "CN=ann,O=Acme", serial: 2 }));
const waysIn: readonly (readonly [string, (cluster: SecureCluster) => ConnectOptions])[] = [
  ...(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).map(
    (mechanism) =>
      [
        mechanism,
        ({ saslSsl }: SecureCluster) => ({
          bootstrapServers: saslSsl,
          ssl: { ca },
          sasl: { mechanism, ...ann },
        }),
      ] as const,
  ),
  [
    "OAUTHBEARER",
    ({ tokens }) => ({ bootstrapServers: tokens, sasl: { mechanism: "OAUTHBEARER", token } }),
  ],
  ["a certificate", ({ ssl }) => ({ bootstrapServers: ssl, ssl: { ca, ...identity } })],
];

function storiesOn(start: () => Promise<SecureCluster>): void {
  let cluster: SecureCluster;

  beforeAll(async () => {
    cluster = await start();
  }, startTimeoutMs);

  afterAll(() => cluster[Symbol.asyncDispose](), startTimeoutMs);

  test.each(waysIn)(
    "comes in by %s, writes and reads",
    async (name, optionsFor) => {
      await using client = connect(platform, optionsFor(cluster));
      const topic = `by-${name.replaceAll(" ", "-").toLowerCase()}`;
      // SCRAM users take a moment to be known.
      await expect
        .poll(
          () =>
            client.admin.createTopics([{ name: topic, partitionCount: 1 }]).then(
              () => true,
              (error: unknown) => error,
            ),
          { timeout: 10_000 },
        )
        .toBe(true);
      await client.producer().send({ topic, value: name });
      const consumer = client.consumer({ topics: [topic], autoOffsetReset: "earliest" });
      for await (const { value } of consumer) {
        expect(Buffer.from(value ?? "").toString()).toBe(name);
        break;
      }
    },
    storyTimeoutMs,
  );

  test(
    "an application takes the same options for its cluster",
    async () => {
      const builder = new StreamsBuilder();
      builder.stream("by-certificate-in").to("by-certificate-out");
      const options: ConnectOptions = { bootstrapServers: cluster.ssl, ssl: { ca, ...identity } };
      const app = await StreamsApp.start(builder.build(), {
        applicationId: "secure",
        cluster: options,
        topics: { "by-certificate-in": 1, "by-certificate-out": 1 },
        logLevel: "silent",
      });
      await using client = connect(platform, options);
      await client.producer().send({ topic: "by-certificate-in", value: "through" });
      const consumer = client.consumer({
        topics: ["by-certificate-out"],
        autoOffsetReset: "earliest",
      });
      for await (const { value } of consumer) {
        expect(Buffer.from(value ?? "").toString()).toBe("through");
        break;
      }
      await app.close();
    },
    storyTimeoutMs,
  );

  test.each([
    ["PLAIN", "guess", /PLAIN/],
    ["SCRAM-SHA-256", "guess", /SCRAM-SHA-256/],
  ] as const)(
    "a wrong password by %s is told at once",
    async (mechanism, password, message) => {
      const sasl = { mechanism, username: "ann", password };
      await using client = connect(platform, {
        bootstrapServers: cluster.saslSsl,
        ssl: { ca },
        sasl,
      });
      const refused = client.admin.listTopics();
      await expect(refused).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
      await expect(refused).rejects.toThrow(message);
    },
    storyTimeoutMs,
  );

  test(
    "a broker that is not trusted is told nothing, one that wants a certificate says so",
    async () => {
      const sasl = { mechanism: "PLAIN", ...ann } as const;
      const bootstrapServers = cluster.saslSsl;
      await using wary = connect(platform, { bootstrapServers, ssl: true, sasl });
      await expect(wary.admin.listTopics()).rejects.toMatchObject({
        code: "CERTIFICATE_NOT_TRUSTED",
      });
      await using bare = connect(platform, { bootstrapServers: cluster.ssl, ssl: { ca } });
      await expect(bare.admin.listTopics()).rejects.toMatchObject({ code: "CERTIFICATE_REFUSED" });
    },
    storyTimeoutMs,
  );

  test.runIf(missing === undefined)(
    "authenticates again before its session ends: connections stay",
    async () => {
      const lost: string[] = [];
      const logger = {
        isEnabled: () => true,
        log: (_level: string, event: string) => void lost.push(event),
      };
      const [, plain] = waysIn[0];
      await using client = connect({ ...platform, logger }, plain(cluster));
      const topic = "again";
      await client.admin.createTopics([{ name: topic, partitionCount: 1 }]);
      const producer = client.producer();
      const endMs = Date.now() + 4 * sessionMs;
      while (Date.now() < endMs) {
        await producer.send({ topic, value: "still here" });
        await platform.timers.sleep(100);
      }
      expect(lost.filter((event) => event === "client.broker-connection-closed")).toEqual([]);
    },
    storyTimeoutMs,
  );
}

describe("our client on the bundled broker, secured", () => storiesOn(startSecureBundled));

describe.skipIf(missing !== undefined)(`our client on Apache Kafka, secured${note}`, () =>
  storiesOn(startSecureKafka),
);
