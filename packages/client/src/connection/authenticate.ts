import type { ClusterError } from "@millrace/cluster";
import { abortable } from "@millrace/platform";
import {
  decodeResponse,
  encodeRequest,
  errorRow,
  type Api,
  type Decoded,
  type Fields,
  type Given,
  type Message,
} from "@millrace/protocol";
import { saslAuthenticateApi, saslHandshakeApi } from "@millrace/protocol/definitions";
import { authenticationError } from "../security/authentication-error.ts";
import type { SaslClientMechanism, SaslPlace } from "../security/sasl-client.ts";
import type { AgreedVersions } from "./agreed-versions.ts";
import { addressName } from "./bootstrap-servers.ts";
import type { BrokerConnection } from "./broker-connection.ts";

export interface Authenticating extends SaslPlace {
  readonly connection: BrokerConnection;
  readonly versions: AgreedVersions;
  readonly sasl: SaslClientMechanism;
  readonly clientId: string;
  /** For one answer, behind those that are due already. */
  readonly timeoutMs: number;
}

/** A mechanism that goes on and on is no mechanism. */
const stepsMax = 20;

/**
 * Shows the broker who this client is; a second time on the same connection makes its session longer
 * (KIP-368). Gives how long the session lasts, in milliseconds; 0: it does not end. Gives up once the signal aborts.
 *
 * @throws ClusterError `AUTHENTICATION_FAILED`; RequestFailure
 */
export async function authenticate(parts: Authenticating): Promise<number> {
  const { sasl, versions, signal } = parts;
  await handshake(parts);
  const exchange = sasl.begin(parts);
  const version = versions.versionOrThrow(saslAuthenticateApi, {});
  // Whoever gives out tokens may be stuck, and need not heed the signal.
  const said = async <Word>(word: Word | Promise<Word>) => abortable(Promise.resolve(word), signal);
  let message = await said(exchange.first());
  for (let step = 0; step < stepsMax; step++) {
    const answer = await ask(parts, saslAuthenticateApi, version, { authBytes: message });
    if (answer.errorCode !== 0)
      throw refused(parts, errorRow(answer.errorCode).name, answer.errorMessage);
    const next = await said(exchange.next(answer.authBytes));
    if (next === undefined) return answer.sessionLifetimeMs ?? 0;
    message = next;
  }
  throw authenticationError(`${sasl.mechanism} does not come to an end with ${nameOf(parts)}`);
}

async function handshake(parts: Authenticating): Promise<void> {
  const { sasl, versions } = parts;
  const { mechanism } = sasl;
  // Behind version 0 the exchange would be bytes without headers.
  const version = versions.version(saslHandshakeApi, { versionMin: 1 });
  if (version === undefined)
    throw authenticationError(
      `${nameOf(parts)} does not serve SaslHandshake 1, so that ${mechanism} cannot be spoken: use a newer cluster`,
    );
  const { errorCode, mechanisms } = await ask(parts, saslHandshakeApi, version, { mechanism });
  if (errorCode === 0) return;
  const { name } = errorRow(errorCode);
  if (name === "UNSUPPORTED_SASL_MECHANISM") {
    const offered = mechanisms.length === 0 ? "no other" : mechanisms.join(", ");
    throw authenticationError(
      `${nameOf(parts)} does not take ${mechanism}; it offers ${offered}: give one of those as sasl.mechanism`,
    );
  }
  if (name === "ILLEGAL_SASL_STATE")
    throw authenticationError(
      `the listener at ${nameOf(parts)} does not ask who comes; leave sasl out, or take the address of a listener with SASL`,
    );
  throw refused(parts, name, null);
}

/** The broker's words hold no secret: it was sent the credentials, and does not send them back. */
function refused(parts: Authenticating, error: string, told: string | null): ClusterError {
  const reason = told === null || told === "" ? error : told;
  return authenticationError(
    `${nameOf(parts)} refuses this client by ${parts.sasl.mechanism}: ${reason}; see that user and password, or the token, are right, and known to the cluster`,
  );
}

function ask<Q extends Fields, A extends Fields>(
  { connection, clientId, timeoutMs }: Authenticating,
  api: Api<Message<Q>, Message<A>>,
  version: number,
  body: Given<Message<Q>>,
): Promise<Decoded<Message<A>>> {
  return connection.exchange(
    api.name,
    (correlationId) => encodeRequest(api, { version, correlationId, clientId }, body),
    {
      timeoutMs: timeoutMs + connection.dueMs,
      decode: (frame) => decodeResponse(api, version, frame).body,
    },
  );
}

function nameOf({ address }: Authenticating): string {
  return addressName(address);
}
