// How openid-client reaches an issuer.

import { allowInsecureRequests } from "openid-client";

/** Without https only where the issuer itself is without it, on this machine: elsewhere no address that it tells of may be on http. */
export function reaching(issuer) {
  return new URL(issuer).protocol === "http:" ? { execute: [allowInsecureRequests] } : {};
}
