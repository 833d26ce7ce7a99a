import { errorCodeOf } from "@millrace/protocol";
import { createAclsApi, deleteAclsApi, describeAclsApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { withClient } from "../../test-support/with-client.ts";

const properties = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": true,
};

const ruleCount = 400;
const anything = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

test("filters that match more rules than may be told delete none, and fewer delete them", () =>
  withClient(async ({ client }) => {
    const creations = Array.from({ length: ruleCount }, (_, index) => ({
      resourceType: 2,
      resourceName: `topic-${index}`,
      resourcePatternType: 3,
      principal: "User:ann",
      host: "*",
      operation: 3,
      permissionType: 3,
    }));
    await client.ask(createAclsApi, 3, { creations });
    const remove = (filterCount: number) =>
      client.ask(deleteAclsApi, 3, {
        filters: Array.from({ length: filterCount }, () => anything),
      });
    const left = async () => (await client.ask(describeAclsApi, 3, anything))?.resources.length;
    const refused = await remove(300);
    expect(refused?.filterResults).toHaveLength(300);
    for (const { errorCode, matchingAcls } of refused?.filterResults ?? [])
      expect({ errorCode, matchingAcls }).toEqual({
        errorCode: errorCodeOf("POLICY_VIOLATION"),
        matchingAcls: [],
      });
    expect(await left()).toBe(ruleCount);
    const removed = await remove(2);
    expect(removed?.filterResults.map(({ matchingAcls }) => matchingAcls.length)).toEqual([
      ruleCount,
      ruleCount,
    ]);
    expect(await left()).toBe(0);
  }, properties));
