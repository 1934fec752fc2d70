import { RequestError } from "./request-error.ts";

/** Who may ask. */
export type CallerRules = {
  /** Names of hosts that the server is reached under, beside addresses and `localhost`; `*` for any. */
  readonly allowedHosts: readonly string[];
  /** Origins of pages that may ask, `https://example.com`; `*` for any. */
  readonly corsOrigins: readonly string[];
};

/**
 * Refuses what pages of other sites send.
 *
 * A page can point its own name at this machine's address and then count as its own site (DNS rebinding), so names are allowed one by one. And a
 * browser says from which page a request comes.
 *
 * @throws RequestError `forbidden`
 */
export function checkCaller(request: Request, { allowedHosts, corsOrigins }: CallerRules): void {
  const { hostname, host } = new URL(request.url);
  const isAddress = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/.test(hostname);
  const isLocal = hostname === "localhost" || hostname.endsWith(".localhost");
  if (!isAddress && !isLocal && !allowedHosts.includes(hostname) && !allowedHosts.includes("*"))
    throw new RequestError(
      "forbidden",
      `This server does not answer to the name ${hostname}. Start it with --allowed-hosts ${hostname}, or ask it by its address.`,
    );
  const origin = request.headers.get("origin");
  if (origin === null || corsOrigins.includes(origin) || corsOrigins.includes("*")) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new RequestError(
    "forbidden",
    `Pages of ${origin} may not ask. Start the server with --cors-allow-origin ${origin}.`,
  );
}

/** Says whether a request brings one of the keys. */
export type KeyCheck = (request: Request) => Promise<boolean>;

/**
 * A check for keys, of which digests are kept, and all are compared to their last byte, so that no time tells how near a guess was.
 *
 * Without keys everybody passes.
 */
export function keyCheck(keys: readonly string[]): KeyCheck {
  const known = Promise.all(keys.map(digest));
  return async (request) => {
    if (keys.length === 0) return true;
    const [, key = ""] = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    const given = await digest(key);
    let isKnown = 0;
    for (const bytes of await known) {
      let differences = 0;
      for (const [i, byte] of bytes.entries()) differences |= byte ^ (given[i] ?? 0);
      isKnown |= Number(differences === 0);
    }
    return isKnown === 1;
  };
}

async function digest(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
}
