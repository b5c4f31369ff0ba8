/**
 * What a server's failure can mean, in words fit to be shown. The list is closed: the table beside each adapter maps the
 * codes of its server to these, and a page that finds one of the keys in a ledger can show it without having the table.
 */
export const FAILURE_MEANINGS = {
  "connection-failed": "the connection failed",
  "connection-reset": "the connection was reset",
  "connection-broken": "the connection broke",
  "not-listening": "nothing listens there",
  "no-answer": "the server did not answer in time",
  "host-unreachable": "the host cannot be reached",
  "network-unreachable": "the network cannot be reached",
  "host-unknown": "the host name is unknown",
  "lookup-failed": "the host name could not be looked up",
  "no-local-port": "this machine has no port left to connect from",
  "tls-failed": "the TLS handshake failed",
  "tls-missing": "the server does not offer TLS",
  "certificate-refused": "the server's certificate is not accepted",
  "login-refused": "the server refused the user or the password",
  "password-missing": "the server asks for a password",
  "privilege-missing": "the user lacks a privilege",
  "permission-missing": "the user lacks a permission",
  "rows-hidden": "row-level security may hide rows from the user",
  "database-missing": "there is no such database",
  "table-missing": "a table is missing",
  "column-missing": "a column is missing",
  "transaction-idle": "the transaction was idle for too long",
  "transaction-timeout": "the transaction took too long",
  "rolled-back": "the transaction was rolled back by the server",
  "lock-timeout": "a lock could not be had",
  cancelled: "the statement was cancelled or timed out",
  restarting: "the server is stopping or starting",
  loading: "the server is loading its data",
  "cannot-save": "the server cannot save its data and refuses writes",
  "script-busy": "the server is busy with a script",
  "cluster-down": "the cluster is down",
  "slots-moving": "the cluster is moving these keys",
  "master-lost": "the replica lost its master",
  "replicas-missing": "there are not enough replicas to write",
  "read-only": "the server is a replica and takes no writes",
  "too-many-clients": "the server takes no more clients",
  "out-of-memory": "the server is out of memory",
  "out-of-resource": "the server is out of a resource",
  "limit-exceeded": "a limit of the server's configuration was exceeded",
  "system-error": "the server met a system error",
  "wrong-type": "a key holds another type",
  "too-long": "the server takes no value or command that long",
  unreadable: "the server's reply could not be read",
  refused: "the server refused a command",
  unexpected: "an unexpected failure",
} as const;

export type FailureMeaning = keyof typeof FAILURE_MEANINGS;

/**
 * What a server refuses to whoever connects with this URL: another worker, with another URL or another user, may well
 * be served.
 */
const OF_THE_LOGIN: ReadonlySet<FailureMeaning> = new Set<FailureMeaning>([
  "login-refused",
  "password-missing",
  "privilege-missing",
  "permission-missing",
  "database-missing",
  "tls-missing",
]);

export function isOfTheLogin(meaning: FailureMeaning | null): boolean {
  return meaning !== null && OF_THE_LOGIN.has(meaning);
}
