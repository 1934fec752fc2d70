import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HubError } from "../hub-error.ts";
import type { ModelFile } from "../model-file.ts";
import { claimPartial, releasePartial } from "./claim-partial.ts";
import { diskError } from "./disk-error.ts";
import { hubRequest, type RequestContext } from "./hub-request.ts";
import type { ModelCache } from "./model-cache.ts";
import { type RetryPolicy, withRetries } from "./with-retries.ts";

/** How often a file that somebody else downloads is looked at. */
const pollMs = 200;

/**
 * The path of a file's bytes in the cache, downloaded if they are not there.
 *
 * They get their name when their digest has been checked. An interrupted download goes on where it stopped, in this process or
 * in a later one; if the digest of what was put together that way is wrong, the file is downloaded once more from its start.
 * While another process downloads the same file, this one waits for it.
 *
 * @param commit where the path is the file's
 * @param onBytes told how much of the file is there
 * @throws HubError; the signal's reason
 */
export async function downloadBlob(
  file: ModelFile,
  commit: string,
  cache: ModelCache,
  context: RequestContext & RetryPolicy & { readonly onBytes: (bytes: number) => void },
): Promise<string> {
  const blob = join(cache.blobs, file.digest.hex);
  await mkdir(cache.blobs, { recursive: true });
  for (;;) {
    context.signal.throwIfAborted();
    if (await hasSize(blob, file.bytes)) break;
    const partial = await claimPartial(blob);
    if (!partial.isOurs) {
      context.onProgress({
        type: "waiting",
        file: file.path,
        fileBytes: partial.bytes,
        fileTotalBytes: file.bytes,
      });
      await delay(pollMs, undefined, { signal: context.signal }).catch(() => {});
      continue;
    }
    try {
      const isRight = await fill(partial.path, partial.bytes, file, commit, context);
      if (isRight) await rename(partial.path, blob);
      else await rm(partial.path, { force: true });
      if (!isRight && partial.bytes === 0) throw wrongDigest(file, context);
    } catch (error) {
      if (error instanceof HubError && error.reason === "checksum") await rm(partial.path, { force: true });
      throw diskError(error, cache.blobs);
    } finally {
      await releasePartial(partial.path);
    }
  }
  context.onBytes(file.bytes);
  return blob;
}

/** Whether there is a file of that size: a blob's name says what is in it, if nothing has cut it off. */
export async function hasSize(path: string, bytes: number): Promise<boolean> {
  return stat(path).then(
    (state) => state.isFile() && state.size === bytes,
    () => false,
  );
}

/** Completes a partial file; whether its digest is right. */
async function fill(
  path: string,
  startBytes: number,
  file: ModelFile,
  commit: string,
  context: RequestContext & RetryPolicy & { readonly onBytes: (bytes: number) => void },
): Promise<boolean> {
  const handle = await open(path, "r+");
  try {
    let digest = blobDigest(file);
    let bytes = 0;
    const restart = async () => {
      digest = blobDigest(file);
      bytes = 0;
      await handle.truncate(0);
    };
    if (startBytes <= file.bytes) bytes = await digestOf(handle, startBytes, digest);
    else await restart();
    context.onBytes(bytes);

    const transfer = async () => {
      if (bytes === file.bytes) return;
      const url = fileUrl(file.path, commit, context);
      const headers: Record<string, string> = bytes > 0 ? { range: `bytes=${bytes}-` } : {};
      const response = await hubRequest(url, context, { headers, accept: bytes > 0 ? [416] : [] });
      // A server that knows no ranges sends the file from its start; one that refuses this range has another file.
      const begins =
        response.status === 206 ? /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] : "0";
      if (Number(begins) !== bytes) await restart();
      if (Number(begins) !== bytes || response.status === 416) {
        await response.discard();
        await restart();
        throw cut(file, bytes, context);
      }
      for await (const chunk of response.chunks) {
        if (bytes + chunk.length > file.bytes) throw wrongSize(file, context);
        await writeAll(handle, chunk, bytes);
        digest.update(chunk);
        bytes += chunk.length;
        furthest = Math.max(furthest, bytes);
        context.onBytes(bytes);
      }
      if (bytes < file.bytes) throw cut(file, bytes, context);
    };
    // Not `bytes`: a server that sends one half again and again makes no progress.
    let furthest = bytes;
    await withRetries(transfer, context, () => furthest);
    await handle.sync();
    return digest.hex() === file.digest.hex;
  } finally {
    await handle.close();
  }
}

async function digestOf(handle: FileHandle, length: number, digest: BlobDigest): Promise<number> {
  const buffer = new Uint8Array(2 ** 20);
  let position = 0;
  while (position < length) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - position), position);
    if (bytesRead === 0) break;
    digest.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return position;
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

function fileUrl(path: string, commit: string, { settings, subject }: RequestContext): string {
  return `${settings.endpoint}/${subject.id}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

function cut(file: ModelFile, bytes: number, { subject }: RequestContext): HubError {
  const message = `resolveModel: the connection was cut. Got ${bytes} bytes of ${file.path} of ${subject.id}, expected ${file.bytes}. Run again: the download goes on where it stopped.`;
  return new HubError("connection", message, { ...subject, file: file.path, bytes });
}

function wrongSize(file: ModelFile, { subject }: RequestContext): HubError {
  const message = `resolveModel: the file is too long. Got more bytes of ${file.path} of ${subject.id} than the ${file.bytes} that are listed, expected as many. It was removed. Try again, or another network.`;
  return new HubError("checksum", message, { ...subject, file: file.path });
}

function wrongDigest(file: ModelFile, { subject }: RequestContext): HubError {
  const message = `resolveModel: the checksum is wrong. Got other bytes for ${file.path} of ${subject.id}, expected ${file.digest.algorithm} ${file.digest.hex}. The file was removed. Try again, or another network.`;
  return new HubError("checksum", message, { ...subject, file: file.path });
}

/** A digest that grows with the bytes of a file, taken in order. */
type BlobDigest = { readonly update: (bytes: Uint8Array) => void; readonly hex: () => string };

/** The digest by which the Hub knows a file: SHA-256 of its bytes, or git's SHA-1, which begins with the size. */
function blobDigest({ bytes, digest }: Pick<ModelFile, "bytes" | "digest">): BlobDigest {
  const hash = createHash(digest.algorithm === "sha256" ? "sha256" : "sha1");
  if (digest.algorithm === "git-sha1") hash.update(`blob ${bytes}\0`);
  return { update: (part) => void hash.update(part), hex: () => hash.digest("hex") };
}
