import type { RecordBatchView } from "@millrace/model";
import { check, ConformanceFailure, type ConformanceCase } from "@millrace/model/conformance";
import type { BatchReader } from "../batch-reader.ts";
import type { ClusterCapability } from "../cluster-capabilities.ts";
import type { ClusterClient } from "../cluster-client.ts";

/** A running cluster, and programs of it. */
export interface ClusterSubject {
  /** A client as of a program of its own. The case closes it. */
  connect(): ClusterClient;
  /** A name that nothing in the cluster has yet. */
  newName(prefix: string): string;
  sleep(durationMs: number): Promise<void>;
}

/** A law that holds for clients which have what it `needs`. */
export interface ClusterCase extends ConformanceCase<ClusterSubject> {
  readonly needs: readonly ClusterCapability[];
}

/** A case with a client of its own, which is closed after it. */
export function caseOf(
  name: string,
  run: (client: ClusterClient, subject: ClusterSubject) => Promise<void>,
  needs: readonly ClusterCapability[] = [],
): ClusterCase {
  return {
    name,
    needs,
    run: async (subject) => {
      const client = subject.connect();
      try {
        await run(client, subject);
      } finally {
        await client.close();
      }
    },
  };
}

export async function createTopic(
  client: ClusterClient,
  subject: ClusterSubject,
  partitionCount = 1,
): Promise<string> {
  const name = subject.newName("topic");
  const [{ error }] = await client.admin.createTopics([{ name, partitionCount }]);
  check(error === undefined, `a topic is made: ${String(error)}`);
  return name;
}

/** Gives each record of a poll, and releases what came. */
export async function pollEach(
  reader: BatchReader,
  onRecord: (record: RecordBatchView) => void,
): Promise<void> {
  for (const batch of await reader.poll({ waitMsMax: 500 })) {
    while (batch.next()) onRecord(batch);
    batch.release();
  }
}

/** Asks again until it is so, for at most half a minute. */
export async function untilSo(
  subject: ClusterSubject,
  what: string,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await isSo()) return;
    await subject.sleep(100);
  }
  throw new ConformanceFailure(`it has not come to this: ${what}`);
}
