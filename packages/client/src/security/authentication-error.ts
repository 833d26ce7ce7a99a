import { ClusterError } from "@millrace/cluster";

/** Somebody is not let in, or not who they say. Trying again does not help, unless `retriable`. */
export function authenticationError(
  message: string,
  details: { readonly retriable?: boolean; readonly cause?: unknown } = {},
): ClusterError {
  return new ClusterError("AUTHENTICATION_FAILED", message, details);
}
