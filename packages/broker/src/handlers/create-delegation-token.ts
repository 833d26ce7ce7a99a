import { noBytes } from "@millrace/model";
import type { Given } from "@millrace/protocol";
import {
  createDelegationTokenApi,
  type CreateDelegationTokenRequest,
  type createDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";
import { delegationTokensRefused } from "./delegation-tokens-refused.ts";

/* CreateDelegationToken, versions 1 to 3: there are no delegation tokens here, and that is the answer. */

export const createDelegationTokenHandler: AnsweringHandler<
  CreateDelegationTokenRequest,
  Given<typeof createDelegationTokenResponse>
> = {
  api: createDelegationTokenApi,
  handle: (context) => {
    const { kind: principalType, name: principalName } = context.principal;
    return {
      errorCode: delegationTokensRefused(context),
      principalType,
      principalName,
      ...(context.apiVersion < 3
        ? {}
        : {
            tokenRequesterPrincipalType: principalType,
            tokenRequesterPrincipalName: principalName,
          }),
      issueTimestampMs: -1,
      expiryTimestampMs: -1,
      maxTimestampMs: -1,
      tokenId: "",
      hmac: noBytes,
      throttleTimeMs: context.throttleMs,
    };
  },
};
