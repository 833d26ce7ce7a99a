import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientTls, Platform } from "@millrace/platform";
import { standInCertificates as certificates } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { metadataApi } from "@millrace/protocol/definitions";
import { describe, expect, test, vi } from "vitest";
import {
  facts,
  javaKeyStore,
  realCertificates,
} from "../../../../platform/test-support/certificates.ts";
import { type BrokerWorld, brokerWorld } from "../../../test-support/broker-world.ts";
import { TestClient } from "../../../test-support/test-client.ts";
import { Broker } from "../../broker.ts";
import type { BrokerOptions } from "../../broker-options.ts";

const own = certificates.identity(facts());
const authority = certificates.authority(facts().issuer);
const pem = {
  "ssl.keystore.type": "PEM",
  "ssl.keystore.certificate.chain": own.certificate,
  "ssl.keystore.key": own.key,
};
const trusting: ClientTls = { ca: [authority] };

const small = {
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
};

function start(world: BrokerWorld, options: Partial<BrokerOptions>): Promise<Broker> {
  const { properties, ...rest } = options;
  return Broker.start(world.platform, {
    dataDirectory: "/data",
    reserveBytes: 0,
    properties: { listeners: "SSL://127.0.0.1:9093", ...small, ...properties },
    ...rest,
  });
}

async function run(story: (world: BrokerWorld) => Promise<void>): Promise<void> {
  const world = brokerWorld();
  await world.platform.until(story(world));
}

/** Asks for metadata; undefined: the connection was closed instead. */
async function ask(platform: Platform, tls: ClientTls, port = 9093) {
  const client = await TestClient.connect(platform, { host: "127.0.0.1", port }, tls);
  const answer = await client.ask(metadataApi, 12, { topics: [] });
  client.connection.destroy();
  return answer;
}

describe("a listener with TLS", () => {
  test("answers who trusts it, and tells others why they do not", () =>
    run(async (world) => {
      await using broker = await start(world, { properties: pem });
      const answer = await ask(world.platform, trusting);
      expect(answer?.brokers).toMatchObject([{ port: broker.address.port }]);
      await expect(ask(world.platform, {})).rejects.toMatchObject({
        code: "CERTIFICATE_NOT_TRUSTED",
      });
    }));

  test("reads its key store of a file: PEM, PKCS12 that is said to be so, and that is said to be JKS", () =>
    run(async (world) => {
      world.files.write("/key.pem", new TextEncoder().encode(own.key + own.certificate));
      world.files.write("/key.p12", certificates.pkcs12(facts(), "secret"));
      const p12 = { "ssl.keystore.location": "/key.p12", "ssl.keystore.password": "secret" };
      for (const properties of [
        { "ssl.keystore.type": "PEM", "ssl.keystore.location": "/key.pem" },
        { ...p12, "ssl.keystore.type": "PKCS12" },
        p12,
      ]) {
        await using _broker = await start(world, { properties });
        expect(await ask(world.platform, trusting)).toBeDefined();
      }
    }));

  test("properties of its own go before those of all", () =>
    run(async (world) => {
      const another = certificates.identity(facts({ serial: 2, issuer: "another" }));
      const properties = {
        ...pem,
        listeners: "SSL://127.0.0.1:9093,TWO://127.0.0.1:9094",
        "listener.security.protocol.map": "SSL:SSL,TWO:SSL",
        "listener.name.two.ssl.keystore.certificate.chain": another.certificate,
        "listener.name.two.ssl.keystore.key": another.key,
      };
      await using _broker = await start(world, { properties });
      expect(await ask(world.platform, trusting)).toBeDefined();
      const code = "CERTIFICATE_NOT_TRUSTED";
      await expect(ask(world.platform, trusting, 9094)).rejects.toMatchObject({ code });
      const ca = [certificates.authority("another")];
      expect(await ask(world.platform, { ca }, 9094)).toBeDefined();
    }));

  test("a renewed certificate is used soon; one that cannot be read is told once, and the old one stays", () =>
    run(async (world) => {
      const write = (text: string) => world.files.write("/key.pem", new TextEncoder().encode(text));
      write(own.key + own.certificate);
      const properties = { "ssl.keystore.type": "PEM", "ssl.keystore.location": "/key.pem" };
      await using _broker = await start(world, { properties });
      write(own.key);
      await world.platform.timers.sleep(40_000);
      expect(await ask(world.platform, trusting)).toBeDefined();
      expect(
        world.told.filter(({ event }) => event === "broker.certificates-not-renewed"),
      ).toHaveLength(1);
      const renewed = certificates.identity(facts({ serial: 3, issuer: "another" }));
      write(renewed.key + renewed.certificate);
      await world.platform.timers.sleep(20_000);
      const ca = [certificates.authority("another")];
      expect(await ask(world.platform, { ca })).toBeDefined();
      expect(world.told).toContainEqual(
        expect.objectContaining({ event: "broker.certificates-renewed", listener: "SSL" }),
      );
    }));

  test("hostile bytes, and silence, close that connection alone, with one line", () =>
    run(async (world) => {
      await using broker = await start(world, { properties: pem });
      const address = { host: "127.0.0.1", port: 9093 };
      const closed: string[] = [];
      const knock = async (name: string, bytes: Uint8Array) => {
        const connection = await world.platform.network.connect(address);
        connection.handler = { data() {}, drained() {}, closed: () => void closed.push(name) };
        connection.write([bytes]);
      };
      await knock("silent", new Uint8Array(0));
      await knock("hostile", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
      expect(await ask(world.platform, trusting)).toBeDefined();
      expect(closed).toEqual(["hostile"]);
      await world.platform.timers.sleep(20_000);
      expect(closed).toEqual(["hostile", "silent"]);
      const told = world.told.filter(({ event }) => event === "broker.handshake-failed");
      expect(told).toMatchObject([
        { level: "info", listener: "SSL", error: { code: "TLS_NOT_SPOKEN" } },
        { level: "info", listener: "SSL", error: { code: "TLS_NOT_SPOKEN" } },
      ]);
      const failed = (await broker.metrics()).filter(({ name }) =>
        /handshakes_failed|_failed_authentication/.test(name),
      );
      expect(failed).toMatchObject([{ value: 2 }, { value: 2, tags: { listener: "SSL" } }]);
    }));

  test.each([
    ["no key store", {}, /needs a certificate/],
    [
      "a key without its certificate",
      { ...pem, "ssl.keystore.certificate.chain": "x" },
      /CERTIFICATE/,
    ],
    ["texts that are not said to be PEM", { ...pem, "ssl.keystore.type": "PKCS12" }, /PEM/],
    ["a file that is not there", { "ssl.keystore.location": "/none" }, /cannot be read/],
    ["a Java key store", { "ssl.keystore.location": "/key.jks" }, /keytool -importkeystore/],
    ["a Java trust store", { ...pem, "ssl.truststore.location": "/key.jks" }, /keytool -list -rfc/],
    ["an old version", { ...pem, "ssl.enabled.protocols": "TLSv1.1" }, /TLSv1\.1/],
    ["a rule that is none", { ...pem, "ssl.principal.mapping.rules": "RULE:x" }, /RULE/],
  ])("with %s is refused, and shows no secret", (_what, properties, message) =>
    run(async (world) => {
      world.files.write("/key.jks", javaKeyStore);
      const started = start(world, { properties });
      await expect(started).rejects.toMatchObject({ code: "INVALID_PROPERTY" });
      await expect(started).rejects.toThrow(message);
      await expect(started).rejects.not.toThrow(own.key.slice(30, 60));
    }),
  );
});

describe("certificates of clients", () => {
  const identity = certificates.identity(facts({ subject: "CN=ann,O=Acme", serial: 5 }));
  const asked = {
    ...pem,
    "ssl.client.auth": "required",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": authority,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "ssl.principal.mapping.rules": String.raw`RULE:^CN=([^,]+),O=Acme$/$1-of-acme/U,DEFAULT`,
  };

  test("name who asks, by the first rule that fits", () =>
    run(async (world) => {
      const properties = { ...asked, "super.users": "User:ANN-OF-ACME" };
      await using _broker = await start(world, { properties });
      const address = { host: "127.0.0.1", port: 9093 };
      const createsTopics = async (tls: ClientTls) => {
        const client = await TestClient.connect(world.platform, address, tls);
        const answer = await client.createTopic("t");
        client.connection.destroy();
        return answer?.topics[0].errorCode;
      };
      const bob = certificates.identity(facts({ subject: "CN=bob", serial: 6 }));
      expect(await createsTopics({ ...trusting, identity: bob })).toBe(29);
      expect(await createsTopics({ ...trusting, identity })).toBe(0);
    }));

  test("that no rule fits are let in nowhere", () =>
    run(async (world) => {
      const properties = { ...asked, "ssl.principal.mapping.rules": "RULE:^CN=bob$/bob/" };
      await using _broker = await start(world, { properties });
      expect(await ask(world.platform, { ...trusting, identity })).toBeUndefined();
    }));

  test("that are required are asked for, those that are requested may be missing", () =>
    run(async (world) => {
      {
        await using _broker = await start(world, { properties: asked });
        await expect(ask(world.platform, trusting)).rejects.toMatchObject({
          code: "CERTIFICATE_REFUSED",
        });
      }
      const properties = {
        ...asked,
        "ssl.client.auth": "requested",
        "super.users": "User:ANONYMOUS",
      };
      await using _broker = await start(world, { properties });
      expect(await ask(world.platform, trusting)).toBeDefined();
    }));

  test("of a listener with SASL are asked for where it says so itself", () =>
    run(async (world) => {
      const properties = {
        ...asked,
        listeners: "SASL_SSL://127.0.0.1:9093,TWO://127.0.0.1:9094",
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,TWO:SASL_SSL",
        "listener.name.two.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "SCRAM-SHA-256",
      };
      await using _broker = await start(world, { properties });
      const greet = (port: number) =>
        TestClient.connect(world.platform, { host: "127.0.0.1", port }, trusting);
      (await greet(9093)).connection.destroy();
      await expect(greet(9094)).rejects.toMatchObject({ code: "CERTIFICATE_REFUSED" });
    }));
});

test("on the real network a PKCS12 store and a client's certificate do the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  const store = join(folder, "store.p12");
  writeFileSync(store, realCertificates.pkcs12(facts(), "secret"));
  const ca = realCertificates.authority(facts().issuer);
  const platform = nodePlatform({ logLevel: "error" });
  const broker = await Broker.start(platform, {
    dataDirectory: join(folder, "data"),
    properties: {
      ...small,
      listeners: "SSL://127.0.0.1:0",
      "ssl.keystore.location": store,
      "ssl.keystore.password": "secret",
      "ssl.client.auth": "required",
      "ssl.truststore.type": "PEM",
      "ssl.truststore.certificates": ca,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:CN=ann,O=Acme",
    },
  });
  const identity = realCertificates.identity(facts({ subject: "CN=ann,O=Acme", serial: 5 }));
  const client = await TestClient.connect(platform, broker.address, { ca: [ca], identity });
  const answer = await client.createTopic("t");
  expect(answer?.topics[0].errorCode).toBe(0);
  client.connection.destroy();
  await broker.close();
  rmSync(folder, { recursive: true });
});

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const knockCount = 600;
const handshakeMs = 10_000;

test.runIf(isVerify)(
  "hundreds of handshakes that stop half way keep nobody out, and are closed when their time is over",
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
    const real = realCertificates.identity(facts());
    const platform = nodePlatform({ logLevel: "error" });
    const broker = await Broker.start(platform, {
      dataDirectory: join(folder, "data"),
      durability: "memory",
      properties: {
        ...small,
        listeners: "SSL://127.0.0.1:0",
        "max.connections": 2 * knockCount,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": real.certificate,
        "ssl.keystore.key": real.key,
      },
    });
    let openCount = 0;
    // The beginning of a greeting of 512 bytes, of which no more comes.
    const greeting = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);
    for (let count = 0; count < knockCount; count++) {
      const connection = await platform.network.connect(broker.address);
      connection.handler = { data() {}, drained() {}, closed: () => void openCount-- };
      openCount++;
      connection.write([greeting.subarray(0, 1 + (count % greeting.length))]);
    }
    const ca = [realCertificates.authority(facts().issuer)];
    const startMs = performance.now();
    const client = await TestClient.connect(platform, broker.address, { ca });
    expect(await client.ask(metadataApi, 12, { topics: [] })).toBeDefined();
    expect(performance.now() - startMs).toBeLessThan(handshakeMs / 2);
    await vi.waitFor(() => expect(openCount).toBe(0), { timeout: 6 * handshakeMs });
    const failed = (await broker.metrics()).find(({ name }) => name.includes("handshakes_failed"));
    expect(failed?.value).toBe(knockCount);
    expect(await client.ask(metadataApi, 12, { topics: [] })).toBeDefined();
    client.connection.destroy();
    await broker.close();
    rmSync(folder, { recursive: true });
  },
);
