import type { RequestContext } from "../server/request-context.ts";
import type { ClientAttributes } from "../telemetry/subscriptions.ts";

/** What subscriptions to metrics choose clients by. The port that a client comes from is not known here. */
export function clientAttributesOf(context: RequestContext, instanceId: string): ClientAttributes {
  return new Map([
    ["client_instance_id", instanceId],
    ["client_id", context.clientId ?? ""],
    ["client_software_name", context.software.name],
    ["client_software_version", context.software.version],
    ["client_source_address", context.clientAddress],
  ]);
}
