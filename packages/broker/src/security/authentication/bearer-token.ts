/** What a token says of whoever shows it, once it has been found right. */
export interface BearerToken {
  readonly principalName: string;
  /** Wall time. */
  readonly expiresMs: number;
}

/** Finds out whether a token is right. Rejects, or throws, where it is not. */
export type BearerTokenCheck = (token: string) => BearerToken | Promise<BearerToken>;
