import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository: its files at each commit, and the commit of each branch and tag. */
export type Repository = {
  readonly commits: { readonly [commit: string]: { readonly [path: string]: Uint8Array } };
  readonly refs: { [name: string]: string };
  /** The token that may read it; others are told what the Hub tells them. */
  readonly access?: { readonly kind: "gated" | "private"; readonly token: string };
};

/** One request, as the server saw it. `server` is "cdn" for the second origin, where large files are. */
export type Seen = {
  readonly server: "hub" | "cdn";
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
};

/** What goes wrong with one answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection ends after so many bytes of the body. */
  | { readonly cutAfterBytes: number }
  /** Nothing more after so many bytes of the body. */
  | { readonly silentAfterBytes: number }
  /** The whole file, whatever range was asked for. */
  | { readonly ignoreRange: true }
  | { readonly replaceBody: Uint8Array }
  /** A chunk of 16 KiB, a pause, the next. */
  | { readonly pauseMs: number };

/** A small Hub on 127.0.0.1, as its clients see it, with a CDN on another port. */
export type HubServer = {
  readonly endpoint: string;
  readonly seen: Seen[];
  /** Asked about every request. */
  fault: (request: Seen) => Fault | undefined;
  /** Replaces entries of the listing, to make it hostile. */
  listing: (entries: Record<string, unknown>[]) => unknown[];
  close(): Promise<void>;
};

/** Files from this size on are large files, with a SHA-256 and on the CDN. */
const largeBytes = 1000;
/** Entries of a page of the listing. */
const pageEntries = 3;

/**
 * Starts a server for some repositories.
 *
 * It follows the Hub's routes and headers as huggingface_hub relies on them, whose version 2.4.0 downloads from it and tells its
 * refusals apart (`HF_ENDPOINT`).
 */
export async function startHubServer(repositories: { readonly [id: string]: Repository }): Promise<HubServer> {
  const state: HubServer = {
    endpoint: "",
    seen: [],
    fault: () => undefined,
    listing: (entries) => entries,
    close: async () => {},
  };
  const serve = (
    server: "hub" | "cdn",
    answer: (request: IncomingMessage, response: ServerResponse, fault?: Fault) => void,
  ) =>
    createServer((request, response) => {
      const { range, authorization } = request.headers;
      const seen = { server, method: request.method ?? "", path: request.url ?? "", range, authorization };
      state.seen.push(seen);
      const fault = state.fault(seen);
      if (fault !== undefined && "status" in fault) {
        response.writeHead(fault.status, fault.headers).end(fault.body);
      } else answer(request, response, fault);
    });

  const blobs = new Map<string, Uint8Array>();
  const cdn = serve("cdn", (request, response, fault) => {
    const bytes = blobs.get(request.url?.slice(1) ?? "");
    if (bytes === undefined) response.writeHead(403).end();
    else sendFile(request, response, bytes, { etag: '"of-the-cdn"' }, fault);
  });
  const cdnAddress = await listen(cdn);

  const hub = serve("hub", (request, response, fault) => {
    const url = new URL(request.url ?? "", state.endpoint);
    const [, api, owner, name, route, revision, ...rest] = (
      url.pathname.startsWith("/api/models/") ? url.pathname.slice(4) : `/files${url.pathname}`
    )
      .split("/")
      .map(decodeURIComponent);
    const id = `${owner}/${name}`;
    const repository = repositories[id];
    const token = request.headers.authorization?.replace("Bearer ", "");
    const refuse = (status: number, code: string, message: string) =>
      response.writeHead(status, { "x-error-code": code, "x-error-message": message }).end();

    const isHidden = repository?.access?.kind === "private" && repository.access.token !== token;
    if (repository === undefined || isHidden) {
      return refuse(token === undefined ? 401 : 404, "RepoNotFound", "Repository not found");
    }
    const commit = repository.refs[revision ?? "main"] ?? revision ?? "";
    const files = repository.commits[commit];
    if (files === undefined) return refuse(404, "RevisionNotFound", `Invalid rev id: ${revision}`);

    if (api === "models" && (route === "revision" || route === undefined)) {
      return sendJson(response, {
        ...{ _id: "0", id, modelId: id, sha: commit, private: false, gated: false, downloads: 1, likes: 0, tags: [] },
        lastModified: "2026-01-01T00:00:00.000Z",
        siblings: Object.keys(files).map((rfilename) => ({ rfilename })),
      });
    }
    if (api === "models" && route === "tree") {
      const entries = state.listing(listingOf(files));
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const next = new URL(url);
      next.searchParams.set("cursor", String(from + pageEntries));
      const link = from + pageEntries < entries.length ? { link: `<${next}>; rel="next"` } : undefined;
      return sendJson(response, entries.slice(from, from + pageEntries), link);
    }
    if (route !== "resolve") return refuse(404, "EntryNotFound", "Entry not found");
    if (repository.access?.kind === "gated" && repository.access.token !== token) {
      return refuse(token === undefined ? 401 : 403, "GatedRepo", `Access to model ${id} is restricted.`);
    }
    const bytes = files[rest.join("/")];
    response.setHeader("x-repo-commit", commit);
    if (bytes === undefined) return refuse(404, "EntryNotFound", "Entry not found");
    if (bytes.length < largeBytes) {
      return sendFile(request, response, bytes, { etag: `"${gitSha1(bytes)}"` }, fault);
    }
    const sha = sha256(bytes);
    blobs.set(sha, bytes);
    response
      .writeHead(302, {
        location: `${cdnAddress}/${sha}`,
        "x-linked-etag": `"${sha}"`,
        "x-linked-size": String(bytes.length),
      })
      .end();
  });

  const endpoint = await listen(hub);
  return Object.assign(state, { endpoint, close: async () => void (await Promise.all([hub, cdn].map(shut))) });
}

/** The SHA-256 of a file, as git-lfs names it. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The SHA-1 of a file, as git names it. */
export function gitSha1(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function listingOf(files: { readonly [path: string]: Uint8Array }): Record<string, unknown>[] {
  const folders = new Set(Object.keys(files).flatMap((path) => (path.includes("/") ? [path.split("/")[0]] : [])));
  return [
    ...[...folders].map((path) => ({ type: "directory", oid: "0".repeat(40), size: 0, path })),
    ...Object.entries(files).map(([path, bytes]) => {
      const entry = { type: "file", oid: gitSha1(bytes), size: bytes.length, path };
      if (bytes.length < largeBytes) return entry;
      const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 134 };
      return { ...entry, oid: "1".repeat(40), lfs };
    }),
  ];
}

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(value));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Record<string, string>,
  fault: Fault | undefined,
): void {
  const range = fault && "ignoreRange" in fault ? undefined : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  if (start >= bytes.length && range)
    return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, bytes.length) : bytes.length;
  const body = fault && "replaceBody" in fault ? fault.replaceBody : bytes.subarray(start, end);
  response.writeHead(range ? 206 : 200, {
    ...headers,
    "content-length": String(body.length),
    "accept-ranges": "bytes",
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  if (request.method === "HEAD") response.end();
  else if (fault && "cutAfterBytes" in fault) {
    response.write(body.subarray(0, fault.cutAfterBytes), () => response.destroy());
  } else if (fault && "silentAfterBytes" in fault) response.write(body.subarray(0, fault.silentAfterBytes));
  else if (fault && "pauseMs" in fault) sendSlowly(response, body, fault.pauseMs);
  else response.end(body);
}

function sendSlowly(response: ServerResponse, body: Uint8Array, pauseMs: number): void {
  if (body.length === 0 || response.destroyed) return void response.end();
  response.write(body.subarray(0, 2 ** 14), () =>
    setTimeout(() => sendSlowly(response, body.subarray(2 ** 14), pauseMs), pauseMs),
  );
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
