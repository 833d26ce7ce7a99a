import type { Given } from "@millrace/protocol";
import { alterConfigsApi, type AlterConfigsRequest } from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { alterConfigs, type ConfigAlteration } from "./config-changes.ts";

/*
 * AlterConfigs, versions 0 to 2: what is set for a resource is replaced as a whole; what is not named is unset.
 *   2  flexible
 */

type Response = Given<(typeof alterConfigsApi)["response"]>;
type RequestResource = AlterConfigsRequest["resources"][number];

const replacement: ConfigAlteration<RequestResource> = {
  unset: ({ configs }) => configs.filter(({ value }) => value === null).map(({ name }) => name),
  brokerChanges: replaced,
  changes: replaced,
};

function replaced({ configs }: RequestResource, before: ReadonlyMap<string, string>) {
  const changes = new Map<string, string | null>(configs.map(({ name, value }) => [name, value]));
  for (const name of before.keys()) if (!changes.has(name)) changes.set(name, null);
  return changes;
}

export function alterConfigsHandler(
  services: BrokerServices,
): AnsweringHandler<AlterConfigsRequest, Response> {
  return {
    api: alterConfigsApi,
    handle: (context, request) =>
      alterConfigs(services, context, { ...request, alteration: replacement }),
  };
}
