import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../../config/broker-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { AccessControlEntries } from "../../metadata/access-control-entries.ts";
import type { Authorizer } from "../../server/authorizer.ts";
import { StandardAuthorizer } from "./standard-authorizer.ts";

const property = "authorizer.class.name";
const standard = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

/**
 * What `authorizer.class.name` asks for; undefined: none.
 *
 * @throws ConfigError a class that is not Kafka's own, or a super user that does not parse
 */
export function authorizerOf(
  config: BrokerConfig,
  entries: AccessControlEntries,
  { logger, clock }: Pick<Platform, "logger" | "clock">,
): Authorizer | undefined {
  const name = config.text(property) ?? "";
  if (name === "") return undefined;
  if (name !== standard)
    throw new ConfigError(
      "INVALID_PROPERTY",
      property,
      `${property} must be ${standard}, or empty`,
    );
  const superUsers = (config.text("super.users") ?? "").split(";").map((user) => user.trim());
  const wrong = superUsers.find((user) => user !== "" && !user.includes(":"));
  if (wrong !== undefined)
    throw new ConfigError(
      "INVALID_PROPERTY",
      "super.users",
      `${wrong} in super.users is no User:NAME`,
    );
  return new StandardAuthorizer(entries, {
    superUsers: new Set(superUsers),
    isAllowedWithoutRules: config.boolean("allow.everyone.if.no.acl.found"),
    logger,
    clock,
  });
}
