import { errorCodeOf } from "@millrace/protocol";
import { createAclsApi, deleteAclsApi } from "@millrace/protocol/definitions";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import type { LoadOptions } from "./load.ts";
import { guardedTopic } from "./topics.ts";

const topicResource = 2;
const literal = 3;
const write = 4;
const deny = 2;
const denied = errorCodeOf("TOPIC_AUTHORIZATION_FAILED");
const answerMsMax = 5000;

const rule = {
  principal: "User:ANONYMOUS",
  host: "*",
  operation: write,
  permissionType: deny,
};

/**
 * Forbids everybody to write to a topic, and allows it again. Once it is acknowledged it holds, for those who are
 * connected as for a broker that starts anew.
 */
export async function changeRules(options: LoadOptions): Promise<void> {
  const { platform, address, ledger, isOver } = options;
  const client = await TestClient.connect(platform, address);
  const within = async <Answer>(asked: Promise<Answer>): Promise<Answer | undefined> =>
    Promise.race([asked, platform.timers.sleep(answerMsMax).then(() => undefined)]);
  try {
    while (!isOver()) {
      const isDenied = platform.random.below(2) === 0;
      if (!(await within(isDenied ? forbid(client) : allow(client)))) return;
      for (let count = platform.random.below(4); count > 0; count--) {
        const answer = await within(client.produce(guardedTopic, ["a"]));
        if (answer === undefined) return;
        if ((answer.errorCode === denied) !== isDenied)
          ledger.violations.push(
            `writing was ${isDenied ? "forbidden" : "allowed"}: ${answer.errorCode}`,
          );
        await platform.timers.sleep(platform.random.below(20));
      }
    }
  } finally {
    client.connection.destroy();
  }
}

async function forbid(client: TestClient): Promise<boolean> {
  const creation = {
    ...rule,
    resourceType: topicResource,
    resourceName: guardedTopic,
    resourcePatternType: literal,
  };
  const answer = await client.ask(createAclsApi, 3, { creations: [creation] });
  return answer?.results[0].errorCode === 0;
}

async function allow(client: TestClient): Promise<boolean> {
  const { principal, host, ...kind } = rule;
  const filter = {
    ...kind,
    resourceTypeFilter: topicResource,
    resourceNameFilter: guardedTopic,
    patternTypeFilter: literal,
    principalFilter: principal,
    hostFilter: host,
  };
  const answer = await client.ask(deleteAclsApi, 3, { filters: [filter] });
  return answer?.filterResults[0].errorCode === 0;
}
