import { createHash, timingSafeEqual } from "node:crypto";

import type { SignInOptions } from "./http-options.ts";

/** Tells from an `Authorization` header whether its sender may ask; how long it takes tells nothing of a secret. */
export function signInCheck({
  users = {},
  tokens = [],
}: SignInOptions): (header: string) => boolean {
  const allowed = [
    ...Object.entries(users).map(([name, password]) => digest("basic", `${name}:${password}`)),
    ...tokens.map((token) => digest("bearer", token)),
  ];
  return (header) => {
    const [scheme, secret = ""] = header.trim().split(/ +/, 2);
    const isBasic = scheme.toLowerCase() === "basic";
    const given = digest(
      scheme.toLowerCase(),
      isBasic ? Buffer.from(secret, "base64").toString("utf8") : secret,
    );
    let isAllowed = false;
    for (const one of allowed) if (timingSafeEqual(one, given)) isAllowed = true;
    return isAllowed;
  };
}

/** What a refused sender may try. */
export function challengeOf({ users = {}, tokens = [] }: SignInOptions): string {
  const schemes = [
    ...(Object.keys(users).length > 0 ? ['Basic realm="millrace", charset="UTF-8"'] : []),
    ...(tokens.length > 0 ? ['Bearer realm="millrace"'] : []),
  ];
  return schemes.join(", ");
}

function digest(scheme: string, secret: string): Buffer {
  return createHash("sha256").update(`${scheme} ${secret}`).digest();
}
