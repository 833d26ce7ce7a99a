import { encodeUtf8 } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { expect, test } from "vitest";
import { ScramCredentials } from "../../metadata/scram-credentials.ts";
import { parseJaas } from "./jaas.ts";
import { oauthBearerMechanism } from "./oauth-bearer.ts";
import { plainMechanism } from "./plain.ts";
import { SaslError } from "./sasl-mechanism.ts";
import { scramMechanism } from "./scram.ts";
import { scramKeys } from "./scram-keys.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? 1);
const rounds = process.env["MILLRACE_VERIFY"] === "1" ? 200_000 : 2000;
const random = new SeededRandom(seed);

const credentials = new ScramCredentials();
const salt = encodeUtf8("salt");
const keys = scramKeys("sha256", encodeUtf8("salted"));
const ann = { name: "ann", mechanism: 1, salt, iterations: 4096, ...keys };
credentials.set(ann);
const token = {
  owner: "User:ann",
  requester: "User:ann",
  renewers: [],
  issueTimestamp: 0,
  maxTimestamp: 2,
  expirationTimestamp: 1,
  tokenId: "tok",
};
const tokens = { find: (id: string) => (id === "tok" ? { token, credential: ann } : undefined) };

const mechanisms = [
  plainMechanism(parseJaas("p", 'x required user_ann="quite another word";')),
  scramMechanism("SCRAM-SHA-256", { credentials, tokens, random }),
  oauthBearerMechanism(() => {
    throw new Error("no token is right");
  }),
];

const openings = [
  "\0ann\0secrets",
  "n,a=ann,n=ann,r=abc,ext=1",
  "n,,n=tok,r=abc,tokenauth=true",
  "c=biws,r=abc,p=AAAA",
  "n,,\x01auth=Bearer a.b.c\x01x=1\x01\x01",
].map(encodeUtf8);

function mutated(): Uint8Array {
  const bytes = Uint8Array.from(openings[random.below(openings.length)]);
  for (let change = random.below(4); change >= 0; change--)
    bytes[random.below(bytes.length)] = random.below(256);
  return bytes.subarray(0, random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length);
}

test(
  `mutated messages are refused, or answered, and let nobody in (seed ${seed})`,
  { timeout: 120_000 },
  async () => {
    let refused = 0;
    for (let round = 0; round < rounds; round++)
      for (const mechanism of mechanisms) {
        const exchange = mechanism.begin();
        try {
          for (let message = 0; message < 2; message++)
            expect((await exchange.receive(mutated())).outcome).toBeUndefined();
        } catch (error) {
          if (!(error instanceof SaslError)) throw error;
          refused++;
        }
      }
    expect(refused).toBeGreaterThan(rounds);
  },
);
