import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { expect, test } from "vitest";
import { ScramCredentials } from "../../metadata/scram-credentials.ts";
import { SaslError } from "./sasl-mechanism.ts";
import { scramMechanism } from "./scram.ts";
import { scramKeys } from "./scram-keys.ts";

const runs = 200;
const roundsMax = 8;

function mechanismOf(name: "SCRAM-SHA-256" | "SCRAM-SHA-512") {
  const credentials = new ScramCredentials();
  const keys = scramKeys(name === "SCRAM-SHA-256" ? "sha256" : "sha512", encodeUtf8("salted"));
  const salt = encodeUtf8("a salt of some length...");
  const mechanism = name === "SCRAM-SHA-256" ? 1 : 2;
  credentials.set({ name: "ann", mechanism, salt, iterations: 4096, ...keys });
  const tokens = { find: () => undefined };
  return scramMechanism(name, { credentials, tokens, random: new SeededRandom(1) });
}

/** How long the message takes that is refused. */
function refusalMs(mechanism: ReturnType<typeof mechanismOf>, user: string): number {
  const exchange = mechanism.begin();
  let message = `n,,n=${user},r=abcdefghijklmnopqrstuvwx`;
  for (;;) {
    const bytes = encodeUtf8(message);
    const startMs = performance.now();
    try {
      // It answers at once.
      const step = exchange.receive(bytes) as { readonly challenge: Uint8Array };
      const nonce = /r=([^,]+)/.exec(decodeUtf8(step.challenge))?.[1] ?? "";
      message = `c=biws,r=${nonce},p=${"A".repeat(43)}=`;
    } catch (error) {
      const tookMs = performance.now() - startMs;
      expect(error).toBeInstanceOf(SaslError);
      return tookMs;
    }
  }
}

function medianMs(mechanism: ReturnType<typeof mechanismOf>, user: string): number {
  const times = Array.from({ length: runs }, () => refusalMs(mechanism, user));
  return times.toSorted((left, right) => left - right)[runs / 2];
}

test.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
  "%s refuses a user that is not there in the time of a wrong password",
  (name) => {
    const mechanism = mechanismOf(name);
    const ratios: number[] = [];
    const isNear = () => Math.abs(Math.log(ratios.at(-1) ?? 0)) < Math.log(1.3);
    // The quietest round counts: others have their turn on the machine.
    while (ratios.length < roundsMax && !isNear())
      ratios.push(medianMs(mechanism, "bob") / medianMs(mechanism, "ann"));
    expect(isNear(), ratios.join(" ")).toBe(true);
  },
);
