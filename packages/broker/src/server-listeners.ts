import type { Connection, ServerTls } from "@millrace/platform";
import type { ApiVersionsHandler } from "./handlers/api-versions.ts";
import type { ListenerPlan } from "./listeners.ts";
import {
  SaslAuthentication,
  type SaslListener,
} from "./security/authentication/sasl-authentication.ts";
import { saslMechanisms, type SaslWorld } from "./security/authentication/sasl-mechanisms.ts";
import { certificateRenewal } from "./security/encryption/certificate-renewal.ts";
import { listenerTls } from "./security/encryption/listener-tls.ts";
import { principalMapper } from "./security/encryption/principal-mapper.ts";
import type { BrokerServer, ServerListener } from "./server/broker-server.ts";
import { CloseConnectionError } from "./server/close-connection-error.ts";
import type { HandlerTable } from "./server/handler-table.ts";
import { anonymousSession, type Session } from "./server/session.ts";
import type { RecurringJob } from "./upkeep/recurring-jobs.ts";

export interface ListenerWorld extends SaslWorld {
  readonly handlers: HandlerTable;
  readonly apiVersions: ApiVersionsHandler;
}

/** @throws ConfigError what a listener's protocol needs is missing, or cannot be read */
export function serverListeners(
  plans: readonly ListenerPlan[],
  world: ListenerWorld,
): readonly ServerListener[] {
  return plans.map((plan) => {
    const isAsked = plan.protocol === "SASL_PLAINTEXT" || plan.protocol === "SASL_SSL";
    return {
      name: plan.name,
      address: plan.address,
      tls: readTls(plan, world),
      authenticate: isAsked ? saslOf(world, plan) : undefined,
      identify: plan.protocol === "SSL" ? byCertificate(world, plan) : () => anonymousSession,
    };
  });
}

/** Keeps the certificates of all listeners that have some as their files are. */
export function renewalOf(
  plans: readonly ListenerPlan[],
  world: Pick<ListenerWorld, "config" | "platform">,
  served: { readonly listeners: readonly ServerListener[]; readonly server: BrokerServer },
): RecurringJob {
  const watched = served.listeners.flatMap(({ name, tls }, index) => {
    if (tls === undefined) return [];
    const read = () => readTls(plans[index], world) ?? tls;
    return [{ name, tls, bound: served.server.bound[index], read }];
  });
  return certificateRenewal(world.platform.logger, watched);
}

function readTls(
  plan: ListenerPlan,
  { config, platform }: Pick<ListenerWorld, "config" | "platform">,
): ServerTls | undefined {
  const isEncrypted = plan.protocol === "SSL" || plan.protocol === "SASL_SSL";
  return isEncrypted ? listenerTls(config, platform.fileSystem, plan) : undefined;
}

/** Who has shown a certificate is the name that the rules make of its subject; who has not is anonymous. */
function byCertificate(
  { config, platform }: ListenerWorld,
  { name }: ListenerPlan,
): (connection: Connection) => Session {
  const nameOf = principalMapper(config.textFor(name, "ssl.principal.mapping.rules") ?? "DEFAULT");
  return ({ peerCertificate }) => {
    if (peerCertificate === undefined) return anonymousSession;
    const mapped = nameOf(peerCertificate.subject);
    if (mapped === undefined)
      throw new CloseConnectionError(
        `no rule of ssl.principal.mapping.rules fits the certificate of ${peerCertificate.subject}`,
      );
    return Object.freeze({
      ...anonymousSession,
      principal: Object.freeze({ kind: "User", name: mapped }),
      authenticatedMs: platform.clock.monotonicMs(),
    });
  };
}

/** How connections of a listener with SASL begin. */
function saslOf(world: ListenerWorld, { name, address }: ListenerPlan): () => SaslAuthentication {
  const { config, platform, handlers, apiVersions } = world;
  const listener: SaslListener = {
    platform,
    handlers,
    mechanisms: saslMechanisms(world, { name, host: address.host }),
    reauthenticationMs: (mechanism) =>
      Number(config.textFor(name, "connections.max.reauth.ms", mechanism)),
    apiVersions: ({ apiVersion }, request) => apiVersions.answer(apiVersion, request),
  };
  return () => new SaslAuthentication(listener);
}
