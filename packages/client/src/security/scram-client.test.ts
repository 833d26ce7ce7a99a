import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";
import type { SaslClientExchange } from "./sasl-client.ts";
import { scramClient } from "./scram-client.ts";

const zeros = { fill: (bytes: Uint8Array) => bytes.fill(0) };
const nonce = "A".repeat(32);
const place = { address: { host: "broker", port: 1 }, signal: new AbortController().signal };

function begin(username = "user"): SaslClientExchange {
  return scramClient("SCRAM-SHA-256", { username, password: "pencil" }, zeros).begin(place);
}

const answer = async (exchange: SaslClientExchange, text: string): Promise<string> =>
  decodeUtf8((await exchange.next(encodeUtf8(text))) ?? new Uint8Array(0));

describe("SCRAM", () => {
  test("names are escaped; what is proved to a broker is what RFC 5802 says", async () => {
    expect(decodeUtf8(await begin("a=b,c").first())).toBe(`n,,n=a=3Db=2Cc,r=${nonce}`);
    const exchange = begin();
    const last = await answer(exchange, `r=${nonce}xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
    expect(last).toBe(`c=biws,r=${nonce}xyz,p=Pj63vh1Y0Q+G9HAauasyPMrlJSXbEYkaTwByYyAj3Hs=`);
    expect(await answer(exchange, "v=LP1R/qd46Fz4MbkhLKiP37iiNjy8P+3+v7xcfCh6vsA=")).toBe("");
  });

  test("of a delegation token says so", async () => {
    const options = { username: "id", password: "hmac", isDelegationToken: true };
    const exchange = scramClient("SCRAM-SHA-512", options, zeros).begin(place);
    expect(decodeUtf8(await exchange.first())).toBe(`n,,n=id,r=${nonce},tokenauth=true`);
  });

  test.each([
    ["the nonce of somebody else", "r=xyz,s=W22Z,i=4096", /another nonce/],
    ["no nonce of its own", `r=${nonce},s=W22Z,i=4096`, /another nonce/],
    ["too few iterations", `r=${nonce}x,s=W22Z,i=4095`, /4095 iterations/],
    ["iterations without end", `r=${nonce}x,s=W22Z,i=999999999`, /999999999 iterations/],
    ["what is no message", "hello", /does not parse/],
    ["what must be understood", `m=x,r=${nonce}x,s=W22Z,i=4096`, /does not parse/],
  ])("a broker with %s is not answered", async (_what, text, message) => {
    const given = answer(begin(), text);
    await expect(given).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED", retriable: false });
    await expect(given).rejects.toThrow(message);
  });

  test.each(["v=AAAA", "e=unknown-user", "nothing"])(
    "a broker that ends with %s has not shown that it knows the password",
    async (text) => {
      const exchange = begin();
      await answer(exchange, `r=${nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
      await expect(answer(exchange, text)).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    },
  );
});
