/** Kafka's words (`ssl.protocol`, `ssl.enabled.protocols`). */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** Who one side is: PEM texts (the certificate may bring its chain), or a PKCS12 file's bytes. */
export type TlsIdentity =
  | { readonly certificate: string; readonly key: string; readonly passphrase?: string }
  | { readonly pkcs12: Uint8Array; readonly passphrase?: string };

interface TlsChoice {
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion;
  /** Default TLSv1.3. */
  readonly maxVersion?: TlsVersion;
  /** By their IANA names (`ssl.cipher.suites`); default those of the runtime. */
  readonly ciphers?: readonly string[];
}

/** How a client greets. What is made of an object is kept with it: a renewed one is another object. */
export interface ClientTls extends TlsChoice {
  /** PEM texts of the authorities that may vouch for the server; without them those that the host trusts. */
  readonly ca?: readonly string[];
  /** Shown to servers that ask for it. */
  readonly identity?: TlsIdentity;
  /** The name asked for, and looked for in the certificate; without it the address's host. */
  readonly serverName?: string;
  /** False: whatever name the certificate has (Kafka: an empty `ssl.endpoint.identification.algorithm`). */
  readonly isNameChecked?: boolean;
}

/** How a server greets. */
export interface ServerTls extends TlsChoice {
  readonly identity: TlsIdentity;
  /**
   * Kafka's `ssl.client.auth`; default `"none"`. One that is shown must be good under `"requested"` too.
   */
  readonly clientCertificates?: "none" | "requested" | "required";
  /** PEM texts of the authorities that may vouch for clients; without them those that the host trusts. */
  readonly ca?: readonly string[];
}

/** The certificate that a peer has proven to own. */
export interface PeerCertificate {
  /** Its distinguished name by RFC 2253, as Java's `X500Principal.getName()` writes it: `CN=ann,O=Acme`. */
  readonly subject: string;
}
