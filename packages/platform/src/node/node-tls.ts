import type { Socket } from "node:net";
import type { ConnectionOptions, SecureContext, TLSSocket } from "node:tls";
import { handshakeMsMax, type NetworkAddress } from "../network.ts";
import type { ClientTls, ServerTls, TlsIdentity } from "../tls.ts";
import { subjectOf } from "./distinguished-name.ts";
import { NodeConnection, writeBudgetBytes } from "./node-connection.ts";
import { settingsInvalid } from "./tls-errors.ts";

/** On first use: loading it costs time, memory and open files, and few programs need it. */
function nodeTls() {
  return process.getBuiltinModule("node:tls");
}

/** Making a context reads certificates: it is done once for each object of settings. */
const contexts = new WeakMap<ClientTls, SecureContext>();

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function openTlsSocket(address: NetworkAddress, tls: ClientTls): TLSSocket {
  let secureContext = contexts.get(tls);
  if (secureContext === undefined) contexts.set(tls, (secureContext = contextOf(tls)));
  const { serverName } = tls;
  const options: ConnectionOptions & { readonly highWaterMark: number } = {
    host: address.host,
    port: address.port,
    secureContext,
    // Whatever the environment says of it.
    rejectUnauthorized: true,
    highWaterMark: writeBudgetBytes,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(tls.isNameChecked === false ? { checkServerIdentity: () => undefined } : {}),
  };
  return nodeTls().connect(options);
}

/**
 * Without a name for them, sessions of clients that have shown certificates could not be gone on with, and those who
 * try, as Java's clients do, would be refused. Which context has begun a session its keys tell.
 */
const sessionOwner = "millrace";

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function contextOf(tls: ClientTls | ServerTls): SecureContext {
  const { ca, ciphers, identity, minVersion = "TLSv1.2", maxVersion = "TLSv1.3" } = tls;
  const own = identity === undefined ? {} : identityOptions(identity);
  try {
    return nodeTls().createSecureContext({
      ...own,
      minVersion,
      maxVersion,
      sessionIdContext: sessionOwner,
      ...(ca ? { ca: [...ca] } : {}),
      ...(ciphers ? { ciphers: ciphers.join(":") } : {}),
    });
  } catch (cause) {
    throw settingsInvalid(cause, { store: identity !== undefined && "pkcs12" in identity });
  }
}

function identityOptions(identity: TlsIdentity) {
  const { passphrase } = identity;
  const lock = passphrase === undefined ? {} : { passphrase };
  if ("pkcs12" in identity) return { pfx: Buffer.from(identity.pkcs12), ...lock };
  return { cert: identity.certificate, key: identity.key, ...lock };
}

/** Greets a client on a socket that nothing was read from. */
export function greetClient(
  raw: Socket,
  tls: ServerTls,
  secureContext: SecureContext,
): NodeConnection {
  const { clientCertificates = "none" } = tls;
  const { TLSSocket } = nodeTls();
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext,
    requestCert: clientCertificates !== "none",
    rejectUnauthorized: clientCertificates === "required",
    highWaterMark: writeBudgetBytes,
  } as ConstructorParameters<typeof TLSSocket>[1]);
  const connection = new NodeConnection(socket);
  connection.isShaking = true;
  const timeout = setTimeout(() => socket.destroy(), handshakeMsMax);
  timeout.unref();
  socket.once("close", () => clearTimeout(timeout));
  // What waits to be written would wait for a handshake that nobody goes on with.
  socket.once("end", () => connection.isShaking && socket.destroy());
  socket.once("secure", () => {
    clearTimeout(timeout);
    if (clientCertificates !== "none") {
      // Node's own servers ask the same; its types leave it out.
      const { ssl } = socket as unknown as { ssl: { verifyError(): Error | null | undefined } };
      const flaw = ssl.verifyError() ?? undefined;
      const shown = socket.getPeerX509Certificate();
      if (flaw !== undefined && (shown !== undefined || clientCertificates === "required")) {
        socket.destroy(flaw);
        return;
      }
      if (shown !== undefined) connection.peerCertificate = { subject: subjectOf(shown.raw) };
    }
    connection.isShaking = false;
  });
  return connection;
}
