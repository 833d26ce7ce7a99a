import { Broker, type BrokerProperties } from "@millrace/broker";
import { connect, type ConnectOptions } from "@millrace/client";
import type { LogFields, Platform } from "@millrace/platform";
import {
  MemoryFileSystem,
  memoryPlatform,
  standInCertificates as certificates,
} from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { createDelegationTokenApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { TestClient } from "../../packages/broker/test-support/test-client.ts";

const facts = {
  subject: "CN=broker",
  names: ["127.0.0.1"],
  issuer: "the authority",
  validFromMs: 0,
  validUntilMs: Date.UTC(2060, 0),
  serial: 1,
};
const own = certificates.identity(facts);
const ca = certificates.authority(facts.issuer);
const module = "org.apache.kafka.common.security";
const properties: BrokerProperties = {
  "group.initial.rebalance.delay.ms": 0,
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
  listeners:
    "MASTER://127.0.0.1:9092,SASL_SSL://127.0.0.1:9093,SSL://127.0.0.1:9094,TOKENS://127.0.0.1:9095",
  "listener.security.protocol.map":
    "MASTER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,TOKENS:SASL_PLAINTEXT",
  "ssl.keystore.type": "PEM",
  "ssl.keystore.certificate.chain": own.certificate,
  "ssl.keystore.key": own.key,
  "ssl.truststore.type": "PEM",
  "ssl.truststore.certificates": ca,
  "ssl.client.auth": "required",
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
  "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
  "listener.name.sasl_ssl.plain.sasl.jaas.config": `${module}.plain.PlainLoginModule required user_ann="secret";`,
  "listener.name.tokens.oauthbearer.sasl.jaas.config": `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="x";`,
};

interface World {
  readonly platform: Platform & { readonly files: MemoryFileSystem };
  readonly told: (LogFields & { readonly event: string })[];
  /** Opens a client for a while, and gives what work gives. */
  with<T>(
    options: ConnectOptions,
    work: (client: ReturnType<typeof connect>) => Promise<T>,
  ): Promise<T>;
}

async function run(given: BrokerProperties, story: (world: World) => Promise<void>): Promise<void> {
  const told: (LogFields & { readonly event: string })[] = [];
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string, fields?: LogFields) =>
      void told.push({ ...fields, event }),
  };
  const files = new MemoryFileSystem();
  const platform = memoryPlatform({ fileSystem: files, drain: drainTurn, logger });
  await platform.until(
    (async () => {
      const broker = await Broker.start(platform, {
        dataDirectory: "/data",
        reserveBytes: 0,
        properties: { ...properties, ...given },
      });
      await story({
        platform: Object.assign(platform, { files }),
        told,
        with: async (options, work) => {
          await using client = connect(platform, options);
          return await work(client);
        },
      });
      await broker.close();
    })(),
  );
}

const master: ConnectOptions = { bootstrapServers: "127.0.0.1:9092" };
const secure: ConnectOptions = { bootstrapServers: "127.0.0.1:9093", ssl: { ca } };
const ann = { username: "ann", password: "secret" };

async function addScramUser(world: World, password: string): Promise<void> {
  await world.with(master, async ({ admin }) => {
    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
      const upsertions = [{ user: "ann", mechanism, password }];
      await admin.alterUserScramCredentials({ upsertions, deletions: [] });
    }
  });
}

function token(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

describe("a client of a broker with TLS and SASL", () => {
  test("comes in by PLAIN and by SCRAM, produces and consumes", () =>
    run({}, async (world) => {
      await addScramUser(world, "secret");
      for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
        const options: ConnectOptions = { ...secure, sasl: { mechanism, ...ann } };
        await world.with(options, async (client) => {
          const topic = mechanism.toLowerCase();
          await client.admin.createTopics([{ name: topic, partitionCount: 1 }]);
          await client.producer().send({ topic, value: mechanism });
          const consumer = client.consumer({
            topics: [topic],
            groupId: mechanism,
            autoOffsetReset: "earliest",
          });
          for await (const { value } of consumer) {
            expect(new TextDecoder().decode(value ?? undefined)).toBe(mechanism);
            break;
          }
          await consumer.close();
        });
      }
    }));

  test("comes in by a token, which is asked for anew for each connection", () =>
    run({}, async (world) => {
      let count = 0;
      const exp = world.platform.clock.wallMs() / 1000 + 3600;
      const provider = () => {
        count++;
        return token({ sub: "ann", exp });
      };
      const sasl = { mechanism: "OAUTHBEARER", token: provider } as const;
      await world.with({ bootstrapServers: "127.0.0.1:9095", sasl }, async (client) => {
        await client.admin.listTopics();
        await client.admin.listGroups();
      });
      expect(count).toBeGreaterThan(0);
    }));

  test("comes in by a delegation token, which is given to who shows a certificate", () =>
    run({ "delegation.token.secret.key": "the broker's" }, async (world) => {
      const identity = certificates.identity({ ...facts, names: [], serial: 2 });
      const address = { host: "127.0.0.1", port: 9094 };
      const asker = await TestClient.connect(world.platform, address, { ca: [ca], identity });
      const order = { ownerPrincipalType: null, ownerPrincipalName: null, renewers: [] };
      const request = { ...order, maxLifetimeMs: 60_000 };
      const given = await asker.ask(createDelegationTokenApi, 3, request);
      expect(given).toMatchObject({ errorCode: 0, principalName: facts.subject });
      const username = given?.tokenId ?? "";
      const password = Buffer.from(given?.hmac ?? []).toString("base64");
      for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
        const sasl = { mechanism, username, password, isDelegationToken: true } as const;
        await world.with({ ...secure, sasl }, async ({ admin }) => {
          expect(await admin.listTopics()).toBeDefined();
        });
      }
    }));

  test("shows a certificate, whose file may be renewed", () =>
    run({}, async (world) => {
      const write = (serial: number, issuer: string) => {
        const { key, certificate } = certificates.identity({ ...facts, names: [], serial, issuer });
        const file = world.platform.files.open("/client.pem", "openOrCreate");
        file.truncate(0);
        file.write([new TextEncoder().encode(key + certificate)], 0);
        file.close();
      };
      write(2, "nobody");
      const ssl = { ca, certificateFile: "/client.pem" };
      await world.with({ bootstrapServers: "127.0.0.1:9094", ssl }, async (client) => {
        await expect(client.admin.listTopics()).rejects.toMatchObject({
          code: "CERTIFICATE_REFUSED",
        });
        write(2, facts.issuer);
        expect(await client.admin.listTopics()).toBeDefined();
      });
    }));

  test.each([
    [
      "a wrong password",
      { mechanism: "PLAIN", username: "ann", password: "guess-1" },
      /PLAIN: Auth/,
    ],
    [
      "a wrong SCRAM password",
      { mechanism: "SCRAM-SHA-512", ...ann, password: "guess-1" },
      /SCRAM/,
    ],
    ["no such user", { mechanism: "SCRAM-SHA-256", username: "bob", password: "guess-1" }, /SCRAM/],
    [
      "a mechanism that is not there",
      { mechanism: "OAUTHBEARER", token: () => "guess-1" },
      /does not take OAUTHBEARER; it offers PLAIN, SCRAM-SHA-256, SCRAM-SHA-512/,
    ],
  ] as const)(
    "with %s is told so at once, is not tried again, and no secret is told",
    (_what, sasl, message) =>
      run({}, async (world) => {
        await addScramUser(world, "secret");
        const failure = await world.with({ ...secure, sasl }, (client) =>
          client.admin.listTopics().then(
            () => undefined,
            (error: unknown) => error,
          ),
        );
        expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED", retriable: false });
        expect(String(failure)).toMatch(message);
        expect(JSON.stringify(world.told) + String(failure)).not.toContain("guess-1");
        expect(
          world.told.filter(({ event }) => event === "broker.authentication-failed"),
        ).toHaveLength(1);
      }),
  );

  test.each([
    ["that nobody vouches for", { ssl: true }, "CERTIFICATE_NOT_TRUSTED"],
    ["of another name", { ssl: { ca, serverName: "elsewhere" } }, "CERTIFICATE_OF_ANOTHER_HOST"],
    ["whose authority's file is not there", { ssl: { caFile: "/none" } }, "NOT_FOUND"],
  ] as const)(
    "a broker %s is not told the password, and the client is told why",
    (_what, { ssl }, code) =>
      run({}, async (world) => {
        const sasl = { mechanism: "PLAIN", ...ann } as const;
        await world.with({ bootstrapServers: "127.0.0.1:9093", ssl, sasl }, async (client) => {
          await expect(client.admin.listTopics()).rejects.toMatchObject({ code });
        });
      }),
  );

  test("that does not speak TLS, or is not asked who it is, is told what to give", () =>
    run({}, async (world) => {
      const short = { bootstrapTimeout: "1s" } as const;
      const plain = { bootstrapServers: "127.0.0.1:9093", ...short };
      const sasl = { mechanism: "PLAIN", ...ann } as const;
      await world.with(plain, async (client) => {
        await expect(client.admin.listTopics()).rejects.toThrow(/speaks TLS/);
      });
      await world.with({ ...master, sasl }, async (client) => {
        await expect(client.admin.listTopics()).rejects.toThrow(/does not ask who comes/);
      });
      await world.with({ ...secure, ...short }, async (client) => {
        await expect(client.admin.listTopics()).rejects.toThrow(/sasl/);
      });
    }));

  test("authenticates again before its session ends, while it works, and keeps its connections", () =>
    run({ "connections.max.reauth.ms": 10_000 }, async (world) => {
      await addScramUser(world, "secret");
      const sasl = { mechanism: "SCRAM-SHA-256", ...ann } as const;
      await world.with({ ...secure, sasl }, async (client) => {
        await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
        const consumer = client.consumer({ topics: ["t"], groupId: "g" });
        const seen: string[] = [];
        const reading = (async () => {
          for await (const { value } of consumer)
            if (seen.push(new TextDecoder().decode(value ?? undefined)) === 20) break;
        })();
        const producer = client.producer();
        await world.platform.timers.sleep(5000);
        for (let index = 0; index < 20; index++) {
          await producer.send({ topic: "t", value: `${index}` });
          await world.platform.timers.sleep(4000);
        }
        await reading;
        await consumer.close();
        expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
      });
      const lost = world.told.filter(({ event }) => event === "client.broker-connection-closed");
      expect(lost.filter(({ cause }) => !String(cause).includes("closed"))).toEqual([]);
      expect(world.told.filter(({ event }) => event === "broker.request-failed")).toEqual([]);
    }));

  test("whose user is gone meanwhile is let in no longer, and told why", () =>
    run({ "connections.max.reauth.ms": 5000 }, async (world) => {
      await addScramUser(world, "secret");
      const sasl = { mechanism: "SCRAM-SHA-256", ...ann } as const;
      await world.with({ ...secure, sasl }, async (client) => {
        await client.admin.listTopics();
        await addScramUser(world, "another");
        await world.platform.timers.sleep(6000);
        await expect(client.admin.listTopics()).rejects.toMatchObject({
          code: "AUTHENTICATION_FAILED",
        });
      });
    }));

  test("takes a mechanism that is handed in from outside", () =>
    run({}, async (world) => {
      const begun: unknown[] = [];
      const sasl = {
        mechanism: "PLAIN",
        begin: ({ address }: { readonly address: unknown }) => {
          begun.push(address);
          return { first: () => Buffer.from("\0ann\0secret"), next: () => undefined };
        },
      };
      await world.with({ ...secure, sasl }, (client) => client.admin.listTopics());
      expect(begun).toContainEqual({ host: "127.0.0.1", port: 9093 });
    }));

  test("a token provider that fails is asked again", () =>
    run({}, async (world) => {
      let count = 0;
      const exp = world.platform.clock.wallMs() / 1000 + 3600;
      const provider = () => {
        if (++count < 3) throw new Error("the provider is away");
        return token({ sub: "ann", exp });
      };
      const sasl = { mechanism: "OAUTHBEARER", token: provider } as const;
      await world.with({ bootstrapServers: "127.0.0.1:9095", sasl }, async (client) => {
        expect(await client.admin.listTopics()).toBeDefined();
      });
      expect(count).toBeGreaterThanOrEqual(3);
    }));

  test.each(["at first", "later"])(
    "a token provider that is stuck %s holds nobody up for long",
    (when) =>
      run({}, async (world) => {
        const { clock, timers } = world.platform;
        let isStuck = when === "at first";
        const provider = () =>
          isStuck
            ? new Promise<string>(() => {})
            : token({ sub: "ann", exp: clock.wallMs() / 1000 + 20 });
        const sasl = { mechanism: "OAUTHBEARER", token: provider } as const;
        await world.with({ bootstrapServers: "127.0.0.1:9095", sasl }, async (client) => {
          if (!isStuck) await client.admin.listTopics();
          isStuck = true;
          const asked = timers.sleep(19_500).then(() => client.admin.listTopics());
          await timers.sleep(25_000);
          isStuck = false;
          const patience = timers.sleep(60_000).then(() => "stuck");
          expect(await Promise.race([asked, patience])).not.toBe("stuck");
        });
      }),
  );
});

test.each([
  { ssl: false },
  { ssl: { caFle: "x" } },
  { ssl: { certificate: "x" } },
  { ssl: { certificateFile: "x", pkcs12File: "y" } },
  { sasl: { mechanism: "GSSAPI" } },
  { sasl: { mechanism: "PLAIN", username: "x" } },
  { sasl: { mechanism: "OAUTHBEARER", token: "x" } },
])("the options %j are refused", (options) => {
  const given = { bootstrapServers: "a:1", ...options } as unknown as ConnectOptions;
  expect(() => connect(memoryPlatform(), given)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
