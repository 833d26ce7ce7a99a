import type { Given } from "@millrace/protocol";
import {
  expireDelegationTokenApi,
  type ExpireDelegationTokenRequest,
  type expireDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";
import { delegationTokensRefused } from "./delegation-tokens-refused.ts";

/* ExpireDelegationToken, versions 1 and 2: there are no delegation tokens here, and that is the answer. */

export const expireDelegationTokenHandler: AnsweringHandler<
  ExpireDelegationTokenRequest,
  Given<typeof expireDelegationTokenResponse>
> = {
  api: expireDelegationTokenApi,
  handle: (context) => ({
    errorCode: delegationTokensRefused(context),
    expiryTimestampMs: -1,
    throttleTimeMs: context.throttleMs,
  }),
};
