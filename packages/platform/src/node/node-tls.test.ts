import { X509Certificate } from "node:crypto";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import {
  networkConformance,
  overTls,
  slowTlsConformance,
  tlsConformance,
} from "../conformance/index.ts";
import { handshakeMsMax, type Connection } from "../network.ts";
import { SeededRandom } from "../seeded-random.ts";
import type { ServerTls } from "../tls.ts";
import { facts, realCertificates } from "../../test-support/certificates.ts";
import { lockedKey } from "../../test-support/locked-key.ts";
import { oldPkcs12 } from "../../test-support/old-pkcs12.ts";
import { subjectOf } from "./distinguished-name.ts";
import { nodePlatform } from "./node-platform.ts";
import { contextOf } from "./node-tls.ts";

const { network, timers } = nodePlatform();
const subject = { network, timers, certificates: realCertificates };

describe("the node network keeps the cases of TLS (PLATFORM-1)", () => {
  for (const law of tlsConformance) test(law.name, () => law.run(subject));
  for (const law of slowTlsConformance)
    test.runIf(process.env["MILLRACE_VERIFY"])(
      law.name,
      () => law.run(subject),
      3 * handshakeMsMax,
    );
});

describe("the node network over TLS keeps the cases of all networks (PLATFORM-1)", () => {
  const encrypted = overTls(
    network,
    { identity: realCertificates.identity(facts()) },
    { ca: [realCertificates.authority(facts().issuer)] },
  );
  for (const law of networkConformance)
    test(law.name, () => law.run({ network: encrypted, timers }));
});

test.each([
  ["CN=ann,O=Acme,C=DE", "CN=ann,O=Acme,C=DE"],
  ["CN=ann+OU=staff,O=Acme", "CN=ann+OU=staff,O=Acme"],
  [String.raw`CN=a\,b\=c\"\;,O= x `, String.raw`CN=a\,b\=c\"\;,O=\ x\ `],
  ["CN=größe,DC=example", "CN=größe,DC=example"],
  [String.raw`CN=#a\<b\>\\c\+d`, String.raw`CN=\#a\<b\>\\c\+d`],
  ["emailAddress=a@b,CN=x", "1.2.840.113549.1.9.1=#1603614062,CN=x"],
])("the subject %s is told as Java tells it", (given, told) => {
  const { certificate } = realCertificates.identity(facts({ subject: given }));
  expect(subjectOf(new X509Certificate(certificate).raw)).toBe(told);
});

test("a client that comes again by the session that it has is the same one, and is asked for no less", async () => {
  const { certificate, key } = realCertificates.identity(facts({ subject: "CN=ann", serial: 2 }));
  const ca = [realCertificates.authority(facts().issuer)];
  const subjects: (string | undefined)[] = [];
  const accept = (connection: Connection) => {
    connection.handler = {
      data: (chunk) => {
        subjects.push(connection.peerCertificate?.subject);
        connection.write([chunk.slice()]);
      },
      drained() {},
      closed() {},
    };
  };
  const tls = {
    identity: realCertificates.identity(facts()),
    ca,
    clientCertificates: "required",
  } as const;
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, accept, tls);
  const come = (own: object, session: Buffer | undefined): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const { port } = listener.address;
      const socket = connect({ host: "127.0.0.1", port, ca, ...own, ...(session && { session }) });
      let kept: Buffer = Buffer.alloc(0);
      socket.on("session", (given) => (kept = given));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed")));
      socket.on("data", () => {
        socket.destroy();
        resolve(kept);
      });
      socket.write("hello");
    });
  const session = await come({ cert: certificate, key }, undefined);
  expect(session.length).toBeGreaterThan(0);
  await come({ cert: certificate, key }, session);
  expect(subjects).toEqual(["CN=ann", "CN=ann"]);
  listener.renewTls({ ...tls, ca: [realCertificates.authority("another")] });
  await expect(come({ cert: certificate, key }, session)).rejects.toBeDefined();
  expect(subjects).toHaveLength(2);
  await listener.close();
});

test("whatever comes in the place of a handshake, and however it breaks, each connection ends alone", async () => {
  const seed = 7;
  const random = new SeededRandom(seed);
  const ca = [realCertificates.authority(facts().issuer)];
  let acceptedCount = 0;
  let closedCount = 0;
  const tls = { identity: realCertificates.identity(facts()), ca, clientCertificates: "required" };
  const listener = await network.listen(
    { host: "127.0.0.1", port: 0 },
    (connection) => {
      acceptedCount++;
      connection.handler = { data() {}, drained() {}, closed: () => void closedCount++ };
    },
    tls as ServerTls,
  );
  const hello = await clientHello();
  const hostile = Array.from({ length: 120 }, async (_, index) => {
    const socket = createConnection(listener.address.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    await new Promise((resolve) => socket.once("connect", resolve));
    const bytes = hello.slice(0, random.below(hello.length + 1));
    for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips--)
      bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    if (bytes.length > 0) socket.write(bytes);
    if (index % 3 === 0) await timers.sleep(random.below(5));
    if (index % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  });
  await Promise.all(hostile);
  await vi.waitFor(() => expect([acceptedCount, closedCount]).toEqual([120, 120]), 5000);
  const identity = realCertificates.identity(facts({ serial: 2 }));
  const good = await network.connect(listener.address, undefined, { ca, identity });
  good.handler = { data() {}, drained() {}, closed() {} };
  good.destroy();
  await listener.close();
});

/** The first bytes of a client, as they are. */
async function clientHello(): Promise<Uint8Array> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const told = new Promise<Uint8Array>((resolve) => {
    server.once("connection", (socket) => socket.once("data", (bytes) => resolve(bytes)));
  });
  const client = connect({ host: "127.0.0.1", port });
  client.on("error", () => {});
  const bytes = Uint8Array.from(await told);
  client.destroy();
  server.close();
  return bytes;
}

describe("what TLS cannot be set up with is told with what to do", () => {
  const { certificate, key } = realCertificates.identity(facts());
  const locked = realCertificates.identity(facts(), "secret");
  const pkcs12 = realCertificates.pkcs12(facts(), "secret");
  const wrongKey = /password of the key/;
  const notKey = key.replace(/(?<=KEY-----\n).{8}/, "MIIBvTBX");
  const chain = realCertificates.authority(facts().issuer) + certificate;
  test.each([
    ["certificates in another order", { certificate: chain, key }, /key's own first/],
    ["a key without its password", locked, wrongKey],
    ["a key with another password", { certificate, key: lockedKey, passphrase: "guess" }, wrongKey],
    [
      "a key that another password opens by chance, to nonsense",
      { certificate, key: lockedKey, passphrase: "guess-640" },
      wrongKey,
    ],
    ["what is no key", { certificate, key: notKey }, /set up: error/],
    ["a store with another password", { pkcs12, passphrase: "guess" }, /its password/],
    ["a store of old", { pkcs12: oldPkcs12, passphrase: "secret" }, /openssl pkcs12 -legacy/],
    ["what is no store", { pkcs12: Uint8Array.of(0x30, 1, 2) }, /PKCS12/],
  ])("%s", (_, identity, advice) => {
    expect(() => contextOf({ identity })).toThrow(
      expect.objectContaining({
        code: "TLS_SETTINGS_INVALID",
        message: expect.stringMatching(advice),
      }),
    );
  });
});

test("a cipher that nobody knows is not the store's fault", () => {
  const identity = { pkcs12: realCertificates.pkcs12(facts(), "secret"), passphrase: "secret" };
  expect(() => contextOf({ identity, ciphers: ["NONE"] })).toThrow(/no cipher match$/);
});

test("TLS is loaded on first use", () => {
  const load = vi.spyOn(process, "getBuiltinModule");
  nodePlatform();
  expect(load).not.toHaveBeenCalledWith("node:tls");
  load.mockRestore();
});
