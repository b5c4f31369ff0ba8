import { AWAY, type FailureTable, type KnownFailure } from "./failure.js";

const CERTIFICATE: KnownFailure = [
  AWAY,
  "certificate-refused",
  "Renew it, or have its issuer trusted by NODE_EXTRA_CA_CERTS",
];

const CODES: Readonly<Record<string, KnownFailure>> = {
  ECONNREFUSED: [AWAY, "not-listening", "Check host and port, and that the server is running"],
  ECONNRESET: [AWAY, "connection-reset"],
  EPIPE: [AWAY, "connection-broken"],
  ETIMEDOUT: [AWAY, "no-answer"],
  EPROTO: [AWAY, "tls-failed"],
  CERT_HAS_EXPIRED: CERTIFICATE,
  CERT_NOT_YET_VALID: CERTIFICATE,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  EADDRNOTAVAIL: [AWAY, "no-local-port"],
  EHOSTDOWN: [AWAY, "host-unreachable"],
  EHOSTUNREACH: [AWAY, "host-unreachable"],
  ENETUNREACH: [AWAY, "network-unreachable"],
  ENOTFOUND: [AWAY, "host-unknown", "Check the host name in the URL"],
  EAI_AGAIN: [AWAY, "lookup-failed"],
};

/** What Node says of a connection, whichever server it leads to. */
export const NETWORK_FAILURES: FailureTable = {
  codeOf: (error) => {
    const code = "code" in error && typeof error.code === "string" ? error.code : null;
    return code !== null && Object.hasOwn(CODES, code) ? code : null;
  },
  lookUp: (code) => (Object.hasOwn(CODES, code) ? CODES[code] : undefined),
  isDriverError: () => false,
};
