import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { pemBlocks } from "./pem.ts";

const block = (label: string, lines: readonly string[]) =>
  [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");

test.each(["\n", "\r\n", " ", String.raw`\n`, ""])(
  "blocks are found between other words, whatever %j has become of their lines",
  (end) => {
    const [key, certificate] = [block("PRIVATE KEY", ["QUJD"]), block("CERTIFICATE", ["REVG"])];
    const text = `Bag Attributes: a-b\n${key}subject=/CN=x\n${certificate}`;
    expect(pemBlocks(text.replaceAll("\n", end)).map(({ text }) => text)).toEqual([
      key,
      certificate,
    ]);
  },
);

test("a locked key of OpenSSL's older form keeps its headers, and opens", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const passphrase = "secret";
  const text = privateKey.export({
    type: "sec1",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase,
  });
  const [found] = pemBlocks(`${block("CERTIFICATE", ["QUJD"])}${String(text)}`).slice(1);
  expect(found.label).toBe("EC PRIVATE KEY");
  expect(createPrivateKey({ key: found.text, passphrase }).asymmetricKeyType).toBe("ec");
});
