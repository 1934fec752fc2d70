import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "@kindred/errors";

/** Where the Hub is, where its files are kept, and who asks. */
export type HubSettings = {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly offline: boolean;
  /** Undefined for somebody without an account. */
  readonly token: string | undefined;
};

/** What a caller may set; everything left out comes from the environment. */
export type HubOptions = {
  /** Default: `HF_ENDPOINT`, else `https://huggingface.co`. */
  readonly endpoint?: string | undefined;
  /** Default: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`. */
  readonly cacheDir?: string | undefined;
  /** Whether the network is off limits. Default: whether `HF_HUB_OFFLINE` is 1, on, yes or true. */
  readonly offline?: boolean | undefined;
  /** false: none. Default: `HF_TOKEN`, else what `hf auth login` left in `HF_TOKEN_PATH` or `HF_HOME/token`. */
  readonly token?: string | false | undefined;
};

/** Environment variables by name. An empty one counts as not set. */
export type Environment = { readonly [name: string]: string | undefined };

/**
 * The settings of Hugging Face's own tools: options first, then `HF_*` variables, then the defaults that Python has.
 *
 * Differs from Python: the older names `HUGGINGFACE_HUB_CACHE`, `HUGGING_FACE_HUB_TOKEN` and `TRANSFORMERS_OFFLINE` are not
 * read, and `$NAME` inside a path is not replaced (`~` is).
 *
 * @throws ConfigError if the endpoint is no http or https address, or holds a password
 * @see https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 *
 * @example
 * ```ts
 * import { hubSettings } from "@kindred/hub/node";
 *
 * const { cacheDir, offline } = await hubSettings({ token: false }, { HF_HOME: "/data/hf", HF_HUB_OFFLINE: "1" });
 * cacheDir.endsWith("hub"); // => true
 * offline; // => true
 * ```
 */
export async function hubSettings(
  options: HubOptions = {},
  environment: Environment = process.env,
): Promise<HubSettings> {
  const variable = (name: string) => environment[name] || undefined;
  const home = variable("HF_HOME") ?? join(variable("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const cacheDir = options.cacheDir ?? variable("HF_HUB_CACHE") ?? join(home, "hub");
  const isOffline = ["1", "ON", "YES", "TRUE"].includes(variable("HF_HUB_OFFLINE")?.toUpperCase() ?? "");
  return {
    endpoint: checkedEndpoint(options.endpoint ?? variable("HF_ENDPOINT") ?? "https://huggingface.co"),
    cacheDir: resolve(expandHome(cacheDir)),
    offline: options.offline ?? isOffline,
    token:
      options.token === false
        ? undefined
        : (options.token ??
          cleaned(variable("HF_TOKEN")) ??
          (await storedToken(expandHome(variable("HF_TOKEN_PATH") ?? join(home, "token"))))),
  };
}

function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isPlain = url !== undefined && url.username === "" && url.password === "" && url.search === "";
  if (isPlain && ["http:", "https:"].includes(url.protocol)) return endpoint.replace(/\/+$/, "");
  throw new ConfigError(
    `hubSettings: not the address of a Hub. Got ${isPlain || url === undefined ? JSON.stringify(endpoint) : "one with a name, password or query"}, expected one like https://huggingface.co.`,
    { key: "endpoint" },
  );
}

async function storedToken(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").then(cleaned, () => undefined);
}

function cleaned(token: string | undefined): string | undefined {
  return token?.replace(/[\r\n]/g, "").trim() || undefined;
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
