import { encodeUtf8, noBytes } from "@millrace/model";
import { saslAuthenticateApi, saslHandshakeApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { brokerWorld } from "../../../test-support/broker-world.ts";
import { Broker } from "../../broker.ts";
import { TestClient } from "../../../test-support/test-client.ts";
import { standInCertificates as certificates } from "@millrace/platform/memory";
import { SaslError, type SaslMechanism } from "./sasl-mechanism.ts";

const small = {
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
};

/** Lets in whoever says its word, in two steps. */
function knocking(word: string): SaslMechanism {
  return {
    name: "KNOCK",
    begin: () => {
      let isAsked = false;
      return {
        receive: (message) => {
          if (!isAsked) {
            isAsked = true;
            return { challenge: encodeUtf8("who?") };
          }
          if (new TextDecoder().decode(message) !== word)
            throw new SaslError("another word", { isTold: true });
          return { challenge: noBytes, outcome: { principal: { kind: "User", name: "knocker" } } };
        },
      };
    },
  };
}

test("a mechanism that is handed in from outside lets in whom it knows, and refuses others", async () => {
  const world = brokerWorld();
  const story = async () => {
    const broker = await Broker.start(world.platform, {
      dataDirectory: "/data",
      reserveBytes: 0,
      saslMechanisms: [knocking("sesame")],
      properties: {
        ...small,
        listeners: "SASL_PLAINTEXT://127.0.0.1:9092",
        "sasl.enabled.mechanisms": "KNOCK",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:knocker",
      },
    });
    const knock = async (word: string) => {
      const client = await TestClient.connect(world.platform, broker.address);
      await client.ask(saslHandshakeApi, 1, { mechanism: "KNOCK" });
      await client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8("knock") });
      const answer = await client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8(word) });
      return { client, answer };
    };
    const refused = await knock("salami");
    expect(refused.answer).toMatchObject({ errorCode: 58, errorMessage: "another word" });
    const { client, answer } = await knock("sesame");
    expect(answer?.errorCode).toBe(0);
    expect((await client.createTopic("t"))?.topics[0].errorCode).toBe(0);
    client.connection.destroy();
    await broker.close();
  };
  await world.platform.until(story());
});

test("tokens without signature are for loopback alone, whatever else is said", async () => {
  const world = brokerWorld();
  const { certificate, key } = certificates.identity({
    subject: "CN=broker",
    names: ["broker"],
    issuer: "a",
    validFromMs: 0,
    validUntilMs: 1,
    serial: 1,
  });
  const start = (host: string) =>
    Broker.start(world.platform, {
      dataDirectory: "/data",
      reserveBytes: 0,
      insecureListen: true,
      properties: {
        ...small,
        listeners: `SASL_SSL://${host}:9092`,
        "advertised.listeners": "SASL_SSL://broker:9092",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": certificate,
        "ssl.keystore.key": key,
        "sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.sasl_ssl.oauthbearer.sasl.jaas.config":
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="x";',
      },
    });
  const story = async () => {
    await expect(start("0.0.0.0")).rejects.toMatchObject({
      code: "INVALID_PROPERTY",
      message: expect.stringContaining("anybody"),
    });
    const broker = await start("127.0.0.1");
    expect(world.told.map(({ event }) => event)).toContain("broker.unsecured-tokens");
    await broker.close();
  };
  await world.platform.until(story());
});
