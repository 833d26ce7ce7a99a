import type { Clock, Logger } from "@millrace/platform";
import {
  type AccessControlEntries,
  type AccessControlEntry,
  patternTypes,
} from "../../metadata/access-control-entries.ts";
import type { Asker, Authorizer } from "../../server/authorizer.ts";
import type { Operation, Resource } from "../../server/request-context.ts";
import {
  allOperations,
  operationNumbers,
  permissions,
  resourceNumbers,
} from "./access-control-numbers.ts";
import { DenialLog } from "./denial-log.ts";

export interface StandardAuthorizerOptions {
  /** `super.users`, each as `User:name`. */
  readonly superUsers: ReadonlySet<string>;
  /** `allow.everyone.if.no.acl.found`: what no rule is about is allowed. */
  readonly isAllowedWithoutRules: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Rules that allow one of these allow describing as well. */
const impliesDescribe: ReadonlySet<number> = new Set(
  (["DESCRIBE", "READ", "WRITE", "DELETE", "ALTER"] as const).map((name) => operationNumbers[name]),
);
const impliesDescribeConfigs: ReadonlySet<number> = new Set(
  (["DESCRIBE_CONFIGS", "ALTER_CONFIGS"] as const).map((name) => operationNumbers[name]),
);

/**
 * Kafka's rules (`StandardAuthorizer`): super users may do everything; a rule that denies goes before all that allow;
 * what no rule allows is denied. It reads the metadata at each question, so that a rule holds, or no longer holds, for
 * connections that are there already.
 */
export class StandardAuthorizer implements Authorizer {
  readonly #entries: AccessControlEntries;
  readonly #options: StandardAuthorizerOptions;
  readonly #denials: DenialLog;

  constructor(entries: AccessControlEntries, options: StandardAuthorizerOptions) {
    this.#entries = entries;
    this.#options = options;
    this.#denials = new DenialLog(options.logger, options.clock);
  }

  isAllowed(asker: Asker, operation: Operation, resource: Resource): boolean {
    const isAllowed = this.permits(asker, operation, resource);
    const { logger } = this.#options;
    if (!isAllowed) this.#denials.denied(asker, operation, resource);
    else if (logger.isEnabled("debug"))
      logger.log("debug", "broker.authorized", {
        principal: nameOf(asker),
        operation,
        resource: `${resource.kind}:${resource.name}`,
        peer: asker.clientAddress,
      });
    return isAllowed;
  }

  permits(asker: Asker, operation: Operation, resource: Resource): boolean {
    if (this.#options.superUsers.has(nameOf(asker))) return true;
    let hasRules = false;
    let isAllowed = false;
    let isDenied = false;
    this.#entries.visitMatching(resourceNumbers[resource.kind], resource.name, (entry) => {
      hasRules = true;
      if (!isAbout(entry, asker) || !matches(entry, operation)) return false;
      if (entry.permissionType === permissions.ALLOW) isAllowed = true;
      else isDenied = true;
      return isDenied;
    });
    if (isDenied) return false;
    return isAllowed || (!hasRules && this.#options.isAllowedWithoutRules);
  }

  isAllowedForSome(asker: Asker, operation: Operation, kind: Resource["kind"]): boolean {
    // A name that nothing is about: true for super users, and for a rule about all names.
    if (this.permits(asker, operation, { kind, name: "hardcode" })) return true;
    const mine: AccessControlEntry[] = [];
    for (const entry of this.#entries.all())
      if (entry.resourceType === resourceNumbers[kind] && isAbout(entry, asker))
        if (entry.operation === operationNumbers[operation] || entry.operation === allOperations)
          mine.push(entry);
    const denied = mine.filter(({ permissionType }) => permissionType === permissions.DENY);
    if (denied.some((entry) => isLiteral(entry) && entry.resourceName === "*")) return false;
    return mine.some(
      (entry) =>
        entry.permissionType === permissions.ALLOW && !denied.some((deny) => covers(deny, entry)),
    );
  }
}

function nameOf({ principal }: Asker): string {
  return `${principal.kind}:${principal.name}`;
}

function isAbout(entry: AccessControlEntry, asker: Asker): boolean {
  const isOfPrincipal = entry.principal === "User:*" || entry.principal === nameOf(asker);
  return isOfPrincipal && (entry.host === "*" || entry.host === asker.clientAddress);
}

function matches(entry: AccessControlEntry, operation: Operation): boolean {
  if (entry.operation === allOperations) return true;
  if (entry.permissionType === permissions.ALLOW) {
    if (operation === "DESCRIBE") return impliesDescribe.has(entry.operation);
    if (operation === "DESCRIBE_CONFIGS") return impliesDescribeConfigs.has(entry.operation);
  }
  return entry.operation === operationNumbers[operation];
}

function isLiteral({ patternType }: AccessControlEntry): boolean {
  return patternType === patternTypes.LITERAL;
}

/** Every name that the allowed pattern matches is one that is denied. */
function covers(denied: AccessControlEntry, allowed: AccessControlEntry): boolean {
  if (isLiteral(allowed) && allowed.resourceName === "*") return false;
  return isLiteral(denied)
    ? isLiteral(allowed) && allowed.resourceName === denied.resourceName
    : allowed.resourceName.startsWith(denied.resourceName);
}
