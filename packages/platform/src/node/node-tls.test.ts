import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import {
  networkConformance,
  overTls,
  slowTlsConformance,
  tlsConformance,
} from "../conformance/index.ts";
import { handshakeMsMax, type Connection } from "../network.ts";
import { facts, realCertificates } from "../../test-support/certificates.ts";
import { subjectOf } from "./distinguished-name.ts";
import { nodePlatform } from "./node-platform.ts";

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
  ["CN=größe,DC=example", `CN=größe,DC=#1607${Buffer.from("example").toString("hex")}`],
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

test("TLS is loaded on first use", () => {
  const load = vi.spyOn(process, "getBuiltinModule");
  nodePlatform();
  expect(load).not.toHaveBeenCalledWith("node:tls");
  load.mockRestore();
});
