import type { Given } from "@millrace/protocol";
import {
  renewDelegationTokenApi,
  type RenewDelegationTokenRequest,
  type renewDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";
import { delegationTokensRefused } from "./delegation-tokens-refused.ts";

/* RenewDelegationToken, versions 1 and 2: there are no delegation tokens here, and that is the answer. */

export const renewDelegationTokenHandler: AnsweringHandler<
  RenewDelegationTokenRequest,
  Given<typeof renewDelegationTokenResponse>
> = {
  api: renewDelegationTokenApi,
  handle: (context) => ({
    errorCode: delegationTokensRefused(context),
    expiryTimestampMs: -1,
    throttleTimeMs: context.throttleMs,
  }),
};
