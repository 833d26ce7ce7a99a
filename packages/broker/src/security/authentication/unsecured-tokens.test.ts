import { expect, test } from "vitest";
import { ConfigError } from "../../config/config-error.ts";
import { parseJaas } from "./jaas.ts";
import { SaslError } from "./sasl-mechanism.ts";
import { unsecuredTokens } from "./unsecured-tokens.ts";

const nowMs = 1_000_000_000;
const clock = { wallMs: () => nowMs, monotonicMs: () => 0 };
const nowSeconds = nowMs / 1000;

function checkBy(options = "") {
  return unsecuredTokens(parseJaas("p", `x required ${options};`), clock);
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function token(claims: object = {}, header: object = { alg: "none" }): string {
  return `${part(header)}.${part({ sub: "ann", exp: nowSeconds + 60, ...claims })}.`;
}

const skew = (value: string) => `unsecuredValidatorAllowableClockSkewMs="${value}"`;
const scope = 'unsecuredValidatorRequiredScope="read write"';

test.each([
  ["", token()],
  [skew("2000"), token({ exp: nowSeconds - 1 })],
  [skew(" 2000 "), token({ iat: nowSeconds + 1 })],
  [skew(""), token()],
  ['unsecuredValidatorPrincipalClaimName=""', token()],
  [scope, token({ scope: "write  read more" })],
  [`${scope} unsecuredValidatorScopeClaimName=scp`, token({ scp: ["read", "write"] })],
])("with %j a token is taken that fits: %s", (options, given) => {
  expect(checkBy(options)(given)).toMatchObject({ principalName: "ann" });
});

test.each([
  ["is over", "", token({ exp: nowSeconds })],
  ["has no end", "", token({ exp: undefined })],
  ["has an end that is no number", "", token({ exp: "1e9" })],
  ["is over for longer than clocks may differ", skew("2000"), token({ exp: nowSeconds - 2 })],
  ["comes from the future", "", token({ iat: nowSeconds + 1 })],
  ["ends when it was issued", skew("99999"), token({ iat: nowSeconds + 1, exp: nowSeconds + 1 })],
  ["names nobody", "", token({ sub: "" })],
  ["names a number", "", token({ sub: 1 })],
  ["says that it is signed", "", token({}, { alg: "RS256" })],
  ["is signed", "", `${token()}AAAA`],
  ["has more parts", "", `${token()}.`],
  ["lacks a scope", scope, token({ scope: "read" })],
  ["has no scope at all", scope, token()],
  ["is a list", "", `${part([])}.${part([])}.`],
])("a token that %s is refused", (_what, options, given) => {
  expect(() => checkBy(options)(given)).toThrow(SaslError);
});

test.each(["soon", "1s", "-1", "1.5", "1e400", "NaN"])(
  "a difference of clocks of %j keeps the listener from starting",
  (value) => {
    expect(() => checkBy(skew(value))).toThrow(ConfigError);
    expect(() => checkBy(skew(value))).toThrow(/AllowableClockSkewMs.*milliseconds/);
  },
);
