import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  describeClusterApi,
  type DescribeClusterRequest,
  type describeClusterResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import type { Handler } from "../server/handler.ts";
import type { RequestContext } from "../server/request-context.ts";
import { clusterOperations } from "./authorized-operations.ts";

/*
 * DescribeCluster, versions 0 to 2.
 *   1  endpoint type: 1 brokers, 2 controllers (which clients cannot reach)     2  fenced brokers
 */

type Response = Given<typeof describeClusterResponse>;

const brokersEndpoint = 1;
const controllersEndpoint = 2;

export class DescribeClusterHandler implements Handler<DescribeClusterRequest, Response> {
  readonly api = describeClusterApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: DescribeClusterRequest): Response {
    const { clusterId, nodeId, endpoint } = this.#services.cluster;
    if (request.endpointType !== brokersEndpoint) {
      const error =
        request.endpointType === controllersEndpoint
          ? "MISMATCHED_ENDPOINT_TYPE"
          : "UNSUPPORTED_ENDPOINT_TYPE";
      return {
        throttleTimeMs: context.throttleMs,
        errorCode: errorCodeOf(error),
        errorMessage: "ask a broker for brokers (endpoint type 1)",
        clusterId: "",
        brokers: [],
      };
    }
    return {
      throttleTimeMs: context.throttleMs,
      errorCode: 0,
      clusterId,
      controllerId: nodeId,
      brokers: [
        {
          brokerId: nodeId,
          ...endpoint(context.listener),
          rack: this.#services.config.text("broker.rack"),
        },
      ],
      ...(request.includeClusterAuthorizedOperations
        ? { clusterAuthorizedOperations: clusterOperations(context) }
        : {}),
    };
  }
}
