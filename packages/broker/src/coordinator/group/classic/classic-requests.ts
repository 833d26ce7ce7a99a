/* What members of the classic protocol ask, once they have joined. */

export interface SyncGroupRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** By member id, from the leader; owned by the group from now on. */
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeavingMember {
  /** Empty: named by its instance id alone, as by an administrator. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}
