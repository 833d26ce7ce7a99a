import type { Given } from "@millrace/protocol";
import {
  describeDelegationTokenApi,
  type DescribeDelegationTokenRequest,
  type describeDelegationTokenResponse,
} from "@millrace/protocol/definitions";
import type { AnsweringHandler } from "./answering-handler.ts";
import { delegationTokensRefused } from "./delegation-tokens-refused.ts";

/* DescribeDelegationToken, versions 1 to 3: there are no delegation tokens here, and that is the answer. */

export const describeDelegationTokenHandler: AnsweringHandler<
  DescribeDelegationTokenRequest,
  Given<typeof describeDelegationTokenResponse>
> = {
  api: describeDelegationTokenApi,
  handle: (context) => ({
    errorCode: delegationTokensRefused(context),
    tokens: [],
    throttleTimeMs: context.throttleMs,
  }),
};
