import { type ErrorDetails, type ExitCode, KindredError } from "@kindred/errors";

/**
 * What went wrong between here and the Hub, for programs.
 *
 * What the user asked for can't be given (exit code 2):
 * * `model-not-found`: no such model, or one that only its owner's token can see; the Hub answers both alike
 * * `revision-not-found`, `file-not-found`: the model has no such branch, tag or commit, or no such file
 * * `gated`: its authors grant access one by one, and this token, or no token, has none
 * * `unauthorized`: the token is wrong, or may not do this
 * * `offline`: the network is off limits, and the cache does not hold all that is needed
 *
 * What came is not what was asked for (exit code 3):
 * * `checksum`: other bytes, or more, than the Hub lists; they were removed
 * * `listing`: the answer breaks the Hub's rules, with names that leave the folder or absurd sizes, or is none
 * * `not-a-model`: the repository holds no model that Kindred can read
 *
 * Something failed, and may work another time (exit code 1):
 * * `connection`: the server could not be reached, broke off or failed, in every attempt
 * * `disk-full`: no room for the files
 */
export type HubErrorReason =
  | "model-not-found"
  | "revision-not-found"
  | "file-not-found"
  | "gated"
  | "unauthorized"
  | "offline"
  | "checksum"
  | "listing"
  | "not-a-model"
  | "connection"
  | "disk-full";

const exitCodes: { readonly [reason in HubErrorReason]: ExitCode } = {
  "model-not-found": 2,
  "revision-not-found": 2,
  "file-not-found": 2,
  gated: 2,
  unauthorized: 2,
  offline: 2,
  checksum: 3,
  listing: 3,
  "not-a-model": 3,
  connection: 1,
  "disk-full": 1,
};

/**
 * A model of the Hub that could not be had. The message says what to do; no message ever contains a token.
 *
 * @example
 * ```ts
 * import { HubError } from "@kindred/hub";
 *
 * const error = new HubError("gated", "resolveModel: access is restricted.", { id: "owner/name" });
 * error.exitCode; // => 2
 * error.reason; // => "gated"
 * ```
 */
export class HubError extends KindredError {
  readonly exitCode: ExitCode;
  readonly reason: HubErrorReason;

  constructor(reason: HubErrorReason, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, { ...details, reason }, options);
    this.reason = reason;
    this.exitCode = exitCodes[reason];
  }
}
