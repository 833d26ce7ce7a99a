import {
  check,
  checkEqual,
  failureCodeOf,
  type ConformanceCase,
} from "@millrace/model/conformance";
import type { StandInCertificate } from "../memory/stand-in-certificates.ts";
import { handshakeMsMax, type Listener } from "../network.ts";
import { NetworkError } from "../network-error.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import type { NetworkSubject } from "./network-conformance.ts";
import { numbered, Recorder, until } from "./recorder.ts";

/** Makes what the network takes for certificates. */
export interface CertificateMaker {
  authority(name: string): string;
  identity(
    facts: StandInCertificate,
    passphrase?: string,
  ): { readonly certificate: string; readonly key: string };
  pkcs12(facts: StandInCertificate, passphrase?: string): Uint8Array;
}

export interface TlsSubject extends NetworkSubject {
  readonly certificates: CertificateMaker;
}

const good: StandInCertificate = {
  subject: "CN=server",
  names: ["localhost", "127.0.0.1"],
  issuer: "the authority",
  validFromMs: 0,
  validUntilMs: Date.UTC(2060, 0),
  serial: 1,
};
const ann: StandInCertificate = { ...good, subject: "CN=ann,O=Acme", names: [], serial: 2 };

interface Scene {
  readonly listener: Listener;
  readonly accepted: Recorder[];
}

async function serve({ network, certificates }: TlsSubject, given: Partial<ServerTls> = {}) {
  const accepted: Recorder[] = [];
  const tls = { identity: certificates.identity(good), ...given };
  const accept = (connection: Recorder["connection"]) =>
    void accepted.push(new Recorder(connection));
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, accept, tls);
  return { listener, accepted };
}

function trusting({ certificates }: TlsSubject, given: ClientTls = {}): ClientTls {
  return { ca: [certificates.authority("the authority")], ...given };
}

async function greet({ network }: TlsSubject, { listener }: Scene, tls: ClientTls) {
  return new Recorder(await network.connect(listener.address, undefined, tls));
}

/** Bytes go both ways. */
async function checkOpen({ timers }: TlsSubject, near: Recorder, far: Recorder): Promise<void> {
  near.connection.write([numbered(50_000)]);
  await until(timers, () => far.byteCount === 50_000, "the client's bytes");
  far.connection.write([numbered(70)]);
  await until(timers, () => near.byteCount === 70, "the server's bytes");
}

async function checkRefused(subject: TlsSubject, scene: Scene, tls: ClientTls, code: string) {
  checkEqual(
    await failureCodeOf(() => greet(subject, scene, tls)),
    code,
    "what the client is told",
  );
}

/** What the server is told of the last connection. */
async function checkClosed({ timers }: TlsSubject, { accepted }: Scene, code: string) {
  const last = () => accepted[accepted.length - 1];
  await until(timers, () => accepted.length > 0 && last().closedCount === 1, "the server's close");
  const { error } = last();
  check(error instanceof NetworkError, "the close has an error");
  checkEqual(error instanceof NetworkError && error.code, code, "what the server is told");
  checkEqual(last().byteCount, 0, "bytes");
}

/** What every `Network` does with `tls`. */
export const tlsConformance: readonly ConformanceCase<TlsSubject>[] = [
  {
    name: "TLS: bytes go both ways, and nobody has shown a certificate who was not asked",
    run: async (subject) => {
      const scene = await serve(subject);
      const identity = subject.certificates.identity(ann);
      const near = await greet(subject, scene, trusting(subject, { identity }));
      await checkOpen(subject, near, scene.accepted[0]);
      checkEqual(scene.accepted[0].connection.peerCertificate, undefined, "peerCertificate");
      near.connection.end();
      await until(subject.timers, () => scene.accepted[0].closedCount === 1, "the close");
      checkEqual(scene.accepted[0].error, undefined, "an orderly close");
      await scene.listener.close();
    },
  },
  {
    name: "TLS: a server that nobody vouches for, whose time is over, or that is another one, is refused",
    run: async (subject) => {
      const { certificates } = subject;
      const tls = trusting(subject);
      const past = { ...good, validUntilMs: Date.UTC(1970, 0, 1, 0, 0, 0, 1) };
      const future = { ...good, validFromMs: Date.UTC(2059, 0) };
      for (const [given, code] of [
        [{ ...good, issuer: "another authority" }, "CERTIFICATE_NOT_TRUSTED"],
        [past, "CERTIFICATE_NOT_VALID_NOW"],
        [future, "CERTIFICATE_NOT_VALID_NOW"],
        [{ ...good, names: ["elsewhere"] }, "CERTIFICATE_OF_ANOTHER_HOST"],
      ] as const) {
        const scene = await serve(subject, { identity: certificates.identity(given) });
        await checkRefused(subject, scene, tls, code);
        await scene.listener.close();
      }
    },
  },
  {
    name: "TLS: a name given for the server is looked for in its place, or none is",
    run: async (subject) => {
      const named = { ...good, names: ["elsewhere"] };
      const scene = await serve(subject, { identity: subject.certificates.identity(named) });
      for (const given of [{ serverName: "elsewhere" }, { isNameChecked: false }]) {
        const near = await greet(subject, scene, trusting(subject, given));
        near.connection.destroy();
      }
      await checkRefused(subject, scene, trusting(subject), "CERTIFICATE_OF_ANOTHER_HOST");
      await scene.listener.close();
    },
  },
  {
    name: "TLS: a client's certificate that is asked for is its subject; without a good one it is refused",
    run: async (subject) => {
      const { certificates } = subject;
      const ca = [certificates.authority("the authority")];
      const scene = await serve(subject, { clientCertificates: "required", ca });
      const identity = certificates.identity(ann);
      const near = await greet(subject, scene, trusting(subject, { identity }));
      await checkOpen(subject, near, scene.accepted[0]);
      checkEqual(
        scene.accepted[0].connection.peerCertificate?.subject,
        "CN=ann,O=Acme",
        "the subject",
      );
      near.connection.destroy();
      const foreign = certificates.identity({ ...ann, issuer: "another authority", serial: 3 });
      for (const given of [{}, { identity: foreign }]) {
        const late = await failureCodeOf(async () => {
          const refused = await greet(subject, scene, trusting(subject, given));
          await until(subject.timers, () => refused.closedCount === 1, "the client's close");
          checkEqual(refused.byteCount, 0, "bytes");
        });
        check(late !== "CERTIFICATE_NOT_TRUSTED", "that is the server's word");
        await checkClosed(subject, scene, "CERTIFICATE_NOT_TRUSTED");
      }
      await scene.listener.close();
    },
  },
  {
    name: "TLS: a certificate that is only requested may be missing, but not bad",
    run: async (subject) => {
      const { certificates } = subject;
      const ca = [certificates.authority("the authority")];
      const scene = await serve(subject, { clientCertificates: "requested", ca });
      const near = await greet(subject, scene, trusting(subject));
      await checkOpen(subject, near, scene.accepted[0]);
      checkEqual(scene.accepted[0].connection.peerCertificate, undefined, "peerCertificate");
      near.connection.destroy();
      const identity = certificates.identity({ ...ann, validUntilMs: 1 });
      await failureCodeOf(() => greet(subject, scene, trusting(subject, { identity })));
      await checkClosed(subject, scene, "CERTIFICATE_NOT_VALID_NOW");
      await scene.listener.close();
    },
  },
  {
    name: "TLS: keys are opened by their passphrase, of PEM and of PKCS12, and by no other",
    run: async (subject) => {
      const { certificates, network } = subject;
      const locked = certificates.identity(good, "secret");
      const pkcs12 = certificates.pkcs12(good, "secret");
      for (const given of [locked, { pkcs12 }]) {
        const scene = await serve(subject, { identity: { ...given, passphrase: "secret" } });
        const near = await greet(subject, scene, trusting(subject));
        await checkOpen(subject, near, scene.accepted[0]);
        near.connection.destroy();
        await scene.listener.close();
        const wrong = { identity: { ...given, passphrase: "guess" } };
        const code = await failureCodeOf(() => serve(subject, wrong));
        checkEqual(code, "TLS_SETTINGS_INVALID", "another passphrase");
      }
      for (const identity of [
        { pkcs12: numbered(100) },
        { certificate: "none", key: "none" },
        { ...certificates.identity(good), key: certificates.identity(ann).key },
      ]) {
        const code = await failureCodeOf(() => serve(subject, { identity }));
        checkEqual(code, "TLS_SETTINGS_INVALID", "what is no identity");
        const address = { host: "127.0.0.1", port: 9 };
        const near = await failureCodeOf(() => network.connect(address, undefined, { identity }));
        checkEqual(near, "TLS_SETTINGS_INVALID", "the same for a client");
      }
    },
  },
  {
    name: "TLS: two sides without a common version do not agree",
    run: async (subject) => {
      const scene = await serve(subject, { minVersion: "TLSv1.3" });
      await checkRefused(
        subject,
        scene,
        trusting(subject, { maxVersion: "TLSv1.2" }),
        "TLS_HANDSHAKE_FAILED",
      );
      await checkClosed(subject, scene, "TLS_HANDSHAKE_FAILED");
      await scene.listener.close();
    },
  },
  {
    name: "PLATFORM-9: renewed certificates are those of connections from then on; what cannot be read changes nothing",
    run: async (subject) => {
      const { certificates } = subject;
      const scene = await serve(subject);
      const near = await greet(subject, scene, trusting(subject));
      const another = { ...good, issuer: "another authority", serial: 4 };
      scene.listener.renewTls({ identity: certificates.identity(another) });
      await checkRefused(subject, scene, trusting(subject), "CERTIFICATE_NOT_TRUSTED");
      const bad = { identity: { certificate: "none", key: "none" } };
      const code = await failureCodeOf(async () => scene.listener.renewTls(bad));
      checkEqual(code, "TLS_SETTINGS_INVALID", "what cannot be read");
      const ca = [certificates.authority("another authority")];
      const renewed = await greet(subject, scene, { ca });
      await checkOpen(subject, near, scene.accepted[0]);
      for (const each of [near, renewed]) each.connection.destroy();
      await scene.listener.close();
    },
  },
  {
    name: "TLS: who does not speak it is told so on either side, and costs others nothing",
    run: async (subject) => {
      const { network, timers } = subject;
      const scene = await serve(subject);
      const plain = new Recorder(await network.connect(scene.listener.address));
      plain.connection.write([new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")]);
      await until(timers, () => plain.closedCount === 1, "the plain client is closed");
      await checkClosed(subject, scene, "TLS_NOT_SPOKEN");
      const near = await greet(subject, scene, trusting(subject));
      await checkOpen(subject, near, scene.accepted[1]);
      near.connection.destroy();
      await scene.listener.close();
      const talkative = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
        new Recorder(connection).connection.write([numbered(64)]);
      });
      const code = await failureCodeOf(() =>
        network.connect(talkative.address, undefined, trusting(subject)),
      );
      checkEqual(code, "TLS_NOT_SPOKEN", "a server without it");
      await talkative.close();
    },
  },
  {
    name: "TLS: a client that leaves within the handshake is told as such; an aborted one rejects with its reason",
    run: async (subject) => {
      const { network } = subject;
      const scene = await serve(subject);
      const plain = new Recorder(await network.connect(scene.listener.address));
      await until(subject.timers, () => scene.accepted.length === 1, "the connection is accepted");
      plain.connection.end();
      await checkClosed(subject, scene, "TLS_NOT_SPOKEN");
      await scene.listener.close();
      const silent = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
        connection.handler = new Recorder(connection);
      });
      const controller = new AbortController();
      const late = failureCodeOf(() =>
        network.connect(silent.address, controller.signal, trusting(subject)),
      );
      await subject.timers.sleep(5);
      controller.abort(Object.assign(new Error("enough"), { code: "ENOUGH" }));
      checkEqual(await late, "ENOUGH", "the reason");
      await silent.close();
    },
  },
];

/** Apart, since a real network takes the time. */
export const slowTlsConformance: readonly ConformanceCase<TlsSubject>[] = [
  {
    name: "TLS: a client that says nothing is closed in the end",
    run: async (subject) => {
      const scene = await serve(subject);
      const plain = new Recorder(await subject.network.connect(scene.listener.address));
      await subject.timers.sleep(handshakeMsMax);
      await until(subject.timers, () => plain.closedCount === 1, "the client's close");
      await checkClosed(subject, scene, "TLS_NOT_SPOKEN");
      await scene.listener.close();
    },
  },
];
