/** What failures of TLS mean for who wrote the address. */

/** A TLS record of type alert or handshake, of any version. */
export function looksLikeTls(chunk: Uint8Array): boolean {
  const [type, major] = chunk;
  return (type === 0x15 || type === 0x16) && major === 0x03;
}

const NO_TLS = 'the server does not speak TLS there: connect with cask://';
const NOT_TRUSTED =
  'nobody that this client trusts has signed the certificate: name its authority in tls.ca (--tls-ca)';
const WANTS_CERTIFICATE =
  'the server wants a certificate from its clients: give tls.cert and tls.key (--tls-cert, --tls-key)';

const ADVICE: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name: connect to that, or set tls.servername',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired: renew it there',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: WANTS_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: WANTS_CERTIFICATE,
};

/** The message; of OpenSSL's, the part that is for people. */
export function messageOf(error: Error): string {
  const { reason } = error as Error & { readonly reason?: unknown };
  return 'library' in error && typeof reason === 'string' ? reason : error.message;
}

/** A clause for the message; undefined: the error is not one of TLS. */
export function adviceOnTls(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return Object.hasOwn(ADVICE, String(error.code)) ? ADVICE[String(error.code)] : undefined;
}
