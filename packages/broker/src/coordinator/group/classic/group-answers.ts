import { noBytes } from "@millrace/model";

export interface JoinGroupAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** Given to the leader alone. */
  readonly members: readonly JoinedMember[];
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
}

export interface SyncGroupAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

/** An answer that comes when the group is ready for it. */
export type Reply<Answer> = (answer: Answer) => void;

export function joinRefused(code: number, memberId: string): JoinGroupAnswer {
  return {
    errorCode: code,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: "",
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncRefused(code: number): SyncGroupAnswer {
  return { errorCode: code, protocolType: null, protocolName: null, assignment: noBytes };
}
