/** A server is not installed and could not be: `message` names what is missing, `hint` the command that mends it. */
export class ServiceUnavailable extends Error {
  override readonly name = "ServiceUnavailable";
  readonly code = "service-unavailable";
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}
