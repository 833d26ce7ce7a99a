import { Hono } from "hono";

import { boundedBody } from "./bounded-body.ts";
import { hostNameOf, isLoopbackHost } from "./host-name.ts";
import type { HttpSettings } from "./http-options.ts";
import { challengeOf, signInCheck } from "./sign-in.ts";

/** What is served: a Hono app, or what answers as one. */
export interface HttpApp {
  fetch(request: Request): Response | Promise<Response>;
}

/** How a request that does not come to the app is answered. */
export type RefuseRequest = (status: number, message: string) => Response;

/** The app behind what every request must pass: the host's name, the sign-in, the bound of the body. */
export function guarded(app: HttpApp, settings: HttpSettings, refuse: RefuseRequest): HttpApp {
  const guard = new Hono();
  const { signIn, bodyBytesMax } = settings;
  const isHost = hostCheck(settings);
  guard.use(async ({ req }, next) => {
    if (isHost(req.header("host") ?? "")) return next();
    return refuse(
      421,
      `this server is not called ${req.header("host")}; name it in allowedHosts if it is`,
    );
  });
  if (signIn !== undefined) {
    const isAllowed = signInCheck(signIn);
    const challenge = challengeOf(signIn);
    guard.use(async ({ req }, next) => {
      if (isAllowed(req.header("authorization") ?? "")) return next();
      const refused = refuse(401, "sign in: the name and password, or the token, are not known");
      refused.headers.set("www-authenticate", challenge);
      return refused;
    });
  }
  guard.all("*", async ({ req }) => {
    const bounded = await boundedBody(req.raw, bodyBytesMax);
    if (bounded !== undefined) return app.fetch(bounded);
    const refused = refuse(413, `the body is larger than ${bodyBytesMax} bytes`);
    // What is left of the body is not read: nothing else can come by the same connection.
    refused.headers.set("connection", "close");
    return refused;
  });
  guard.onError(() => refuse(500, "the request failed"));
  return guard;
}

/**
 * A page of another site may have its own name lead to this address and so read what is served here: a request must
 * name this server. Beyond loopback names are many, and sign-in protects; there only a list given is kept to.
 */
function hostCheck({ host, allowedHosts }: HttpSettings): (header: string) => boolean {
  const isLocal = isLoopbackHost(host);
  if (!isLocal && allowedHosts === undefined) return () => true;
  const allowed = new Set([host, ...(allowedHosts ?? [])].map(hostNameOf));
  return (header) => allowed.has(hostNameOf(header)) || (isLocal && isLoopbackHost(header));
}
