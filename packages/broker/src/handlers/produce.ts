import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  produceApi,
  type ProduceRequest,
  type produceResponse,
} from "@millrace/protocol/definitions";
import {
  batchHeaderBytes,
  batchMagic,
  isTransactional,
  noProducerId,
  readAttributes,
  readMagic,
  readProducerId,
} from "@millrace/protocol/records";
import { zeroUuid } from "@millrace/protocol/wire";
import type { BrokerServices } from "../broker-services.ts";
import { isInternalTopic } from "../metadata/topic-image.ts";
import { CloseConnectionError } from "../server/close-connection-error.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { Parked } from "../server/parked.ts";
import {
  type RequestContext,
  topicResource,
  transactionalIdResource,
} from "../server/request-context.ts";
import { toError } from "../server/to-error.ts";
import { refusalOf, refusedWith } from "./append-refusal.ts";
import { after } from "../server/turns.ts";
import { checkProducedRecords } from "./check-produced-records.ts";
import type { ProducePartition } from "./produce-partition.ts";
import { verifyTransaction } from "./verify-transaction.ts";

/*
 * Produce, versions 3 to 13 (0 to 2 are told and refused, for librdkafka).
 *    7  zstd is allowed                          8  errors of single records
 *   11  TRANSACTION_ABORTABLE                   12  the append adds its partition to the transaction (TV2)
 *   13  topics by id
 * An append is acknowledged once the durability level is reached, whatever acks says; acks=0 is answered with
 * nothing, or with the end of the connection.
 */

type Response = Given<typeof produceResponse>;
type ResponsePartition = Response["responses"][number]["partitionResponses"][number];

const internalWriter = "__admin_client";

export class ProduceHandler implements Handler<ProduceRequest, Response> {
  readonly api = produceApi;
  readonly mayOvertake = true;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: ProduceRequest): HandlerAnswer<Response> {
    const partitions = this.#resolve(context, request);
    const transactional = partitions.filter(({ records }) => isTransactionalBatch(records));
    if (transactional.length === 0) return this.#append(context, request, partitions);
    const { transactionalId } = request;
    const isAllowed =
      transactionalId !== null &&
      context.authorize("WRITE", transactionalIdResource(transactionalId));
    if (!isAllowed) {
      for (const partition of partitions)
        partition.refusal = refusedWith("TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
      return this.#answer(context, request, partitions);
    }
    const verifying = verifyTransaction(
      this.#services,
      context.apiVersion,
      transactionalId,
      transactional.filter(({ records }) => readProducerId(records, 0) > noProducerId),
    );
    if (verifying === undefined) return this.#append(context, request, partitions);
    return verifying.then(() => this.#append(context, request, partitions));
  }

  /**
   * Finds the partitions, and refuses what Kafka refuses before it looks at the log. Of a partition that is named twice
   * the last batch counts.
   */
  #resolve(context: RequestContext, request: ProduceRequest): ProducePartition[] {
    const { image } = this.#services;
    const resolved = new Map<string, ProducePartition>();
    for (const topic of request.topicData) {
      const byId = topic.topicId !== zeroUuid || context.apiVersion >= 13;
      const found = byId ? image.topicById(topic.topicId) : image.topic(topic.name);
      const name = found?.name ?? topic.name;
      const isAllowed = context.authorize("WRITE", topicResource(name));
      const lastOfIndex = new Map(topic.partitionData.map((data) => [data.index, data]));
      for (const { index, records } of lastOfIndex.values()) {
        const partition: ProducePartition = {
          topic: name,
          responseKey: `${topic.name}/${topic.topicId}`,
          index,
          records: records ?? new Uint8Array(0),
          partition: this.#services.partitions.find(name, index),
          guard: undefined,
          refusal: undefined,
          result: undefined,
        };
        if (found === undefined && byId) partition.refusal = refusedWith("UNKNOWN_TOPIC_ID");
        else if (!isAllowed) partition.refusal = refusedWith("TOPIC_AUTHORIZATION_FAILED");
        else if (found === undefined || index < 0 || index >= found.partitionCount)
          partition.refusal = refusedWith("UNKNOWN_TOPIC_OR_PARTITION");
        else if (isInternalTopic(name) && context.clientId !== internalWriter)
          partition.refusal = refusedWith("INVALID_TOPIC_EXCEPTION");
        else if (partition.partition === undefined)
          partition.refusal = refusedWith("NOT_LEADER_OR_FOLLOWER");
        else partition.refusal = checkProducedRecords(partition.records, context.apiVersion);
        if (partition.refusal === undefined && (request.acks < -1 || request.acks > 1))
          partition.refusal = refusedWith("INVALID_REQUIRED_ACKS");
        resolved.set(`${name}/${index}`, partition);
      }
    }
    return [...resolved.values()];
  }

  #append(
    context: RequestContext,
    request: ProduceRequest,
    partitions: readonly ProducePartition[],
  ): HandlerAnswer<Response> {
    // A batch of a megabyte can unpack to very much more: between two of them others have their turn.
    const appended = context.turns.map(partitions, (produced) => this.#appendTo(produced));
    return after(appended, () => {
      for (const { result, records } of partitions)
        if (result !== undefined) context.charge("producer_byte_rate", records.length);
      return answerOnceDurable(partitions, () =>
        request.acks === 0
          ? this.#answerNothing(partitions)
          : this.#answer(context, request, partitions),
      );
    });
  }

  #appendTo(produced: ProducePartition): void {
    const { partition, guard, records } = produced;
    if (produced.refusal !== undefined || partition === undefined) return;
    try {
      this.#services.storage.admitWrite();
      produced.result = partition.append(records, { origin: "client", verificationGuard: guard });
    } catch (error) {
      produced.refusal = refusalOf(error, partition.logStartOffset);
    }
  }

  #answer(
    context: RequestContext,
    request: ProduceRequest,
    partitions: readonly ProducePartition[],
  ): Response {
    const responses = new Map<
      string,
      { name: string; topicId: string; partitionResponses: ResponsePartition[] }
    >();
    for (const { name, topicId, partitionData } of request.topicData)
      if (partitionData.length > 0)
        responses.set(`${name}/${topicId}`, { name, topicId, partitionResponses: [] });
    this.#count(partitions);
    for (const produced of partitions)
      responses.get(produced.responseKey)?.partitionResponses.push(respond(produced));
    return { throttleTimeMs: context.throttleMs, responses: [...responses.values()] };
  }

  /** With acks=0 an error is told by closing the connection, so that the client looks for new metadata. */
  #answerNothing(partitions: readonly ProducePartition[]): undefined {
    this.#count(partitions);
    const refused = partitions.find(({ refusal }) => refusal !== undefined);
    if (refused === undefined) return undefined;
    throw new CloseConnectionError(
      `a produce without acknowledgement to ${refused.topic}-${refused.index} failed with ${refused.refusal?.errorCode}`,
    );
  }

  #count(partitions: readonly ProducePartition[]): void {
    for (const { topic, partition, refusal, records, result } of partitions) {
      const counts = this.#services.topicMetrics.of(partition === undefined ? undefined : topic);
      if (refusal !== undefined || result === undefined) counts.produceFailed();
      else counts.produced(result.lastOffset - result.baseOffset + 1, records.length);
    }
  }
}

function respond(produced: ProducePartition): ResponsePartition {
  const { index, refusal, result } = produced;
  if (refusal !== undefined || result === undefined) {
    return {
      index,
      errorCode: refusal?.errorCode ?? errorCodeOf("UNKNOWN_SERVER_ERROR"),
      baseOffset: -1,
      logStartOffset: refusal?.logStartOffset,
      recordErrors: refusal?.recordErrors,
      errorMessage: refusal?.errorMessage,
    };
  }
  return {
    index,
    errorCode: 0,
    baseOffset: result.baseOffset,
    logAppendTimeMs: result.logAppendTime,
    logStartOffset: result.logStartOffset,
  };
}

/** The connection's next request must find what was appended, also where nobody waits for the answer. */
function answerOnceDurable(
  partitions: readonly ProducePartition[],
  answer: () => Response | undefined,
): HandlerAnswer<Response> {
  const parked = new Parked<Response>();
  let pending = 1;
  let isLate = false;
  const done = () => {
    pending--;
    if (pending > 0 || !isLate) return;
    try {
      parked.complete(answer());
    } catch (error) {
      parked.fail(toError(error));
    }
  };
  for (const produced of partitions) {
    if (produced.result === undefined) continue;
    pending++;
    produced.partition?.whenDurable(produced.result.lastOffset + 1, (failure) => {
      if (failure !== undefined) produced.refusal = refusalOf(failure, -1);
      done();
    });
  }
  if (pending === 1) return answer();
  isLate = true;
  done();
  return parked;
}

function isTransactionalBatch(records: Uint8Array): boolean {
  return (
    records.length >= batchHeaderBytes &&
    readMagic(records, 0) === batchMagic &&
    isTransactional(readAttributes(records, 0))
  );
}
