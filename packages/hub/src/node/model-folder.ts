import { existsSync } from "node:fs";
import { basename } from "node:path";
import { FormatError } from "@kindred/errors";
import { nearestPath } from "@kindred/files/node";
import { describeDownload } from "../describe-download.ts";
import type { DownloadEvent } from "../download-event.ts";
import { HubError } from "../hub-error.ts";
import { parseModelId } from "../parse-model-id.ts";
import { resolveModel } from "./resolve-model.ts";

/** How a command brings a model. */
export type ModelFolderOptions = {
  /** Take it from the cache only. */
  readonly offline: boolean;
  readonly signal?: AbortSignal;
  /** Where progress is written for people; rewritten in place on a terminal. Default: nowhere. */
  readonly sink?:
    | {
        /** Whether it is a terminal. */
        readonly isTTY?: boolean | undefined;
        /** Takes a piece of text, as process.stderr does. */
        write(text: string): unknown;
      }
    | undefined;
};

/**
 * The folder that a command's `--model` means: a path as it is, or the snapshot of a model of the Hub (`owner/name[@revision]`),
 * brought and shown while it comes. What can be a path alone is given back, whatever is there.
 *
 * @throws HubError as {@link resolveModel} does; FormatError for a bare name that is no folder
 *
 * @example
 * ```ts ignore
 * import { modelFolder } from "@kindred/hub/node";
 *
 * await modelFolder("runs/my-run/model", { offline: true }); // the path itself
 * await modelFolder("sentence-transformers/all-mpnet-base-v2", { offline: false, sink: process.stderr });
 * ```
 */
export async function modelFolder(model: string, { offline, signal, sink }: ModelFolderOptions): Promise<string> {
  if (existsSync(model)) return model;
  if (/^[\w-][\w.-]*$/.test(model))
    throw new FormatError(
      { file: model },
      `no such folder.${meant(model)} A model of the Hub is named with its owner: sentence-transformers/${model}?`,
    );
  if (!isModelId(model)) return model;
  let shown = false;
  const onProgress = (event: DownloadEvent) => {
    if (sink === undefined || (event.type === "progress" && sink.isTTY !== true)) return;
    sink.write(`${shown ? "\r\u001b[K" : ""}${describeDownload(event)}${event.type === "progress" ? "" : "\n"}`);
    shown = event.type === "progress";
  };
  const { folder } = await resolveModel(model, {
    ...(offline ? { offline } : {}),
    ...(signal === undefined ? {} : { signal }),
    onProgress,
  }).catch((error: unknown) => {
    throw error instanceof HubError ? neitherFolderNorModel(model, error) : error;
  });
  if (shown) sink?.write("\r\u001b[K");
  return folder;
}

/** Models that a command line names, as {@link bringModels} brings them. */
export type BroughtModels = {
  /** Where models of the Hub lie, by the names that `bring` gave. */
  readonly folders: { readonly [model: string]: string };
  /** Brings a model, and gives the name by which a run keeps it. */
  readonly bring: (name: string) => Promise<string>;
};

/**
 * Brings the models that a command line names, one after another. `bring` gives a model's name as a run keeps it: a folder as it is, an id of
 * the Hub with the commit that was brought, so that a run that goes on has the same; where that lies stands in `folders`.
 *
 * @example
 * ```ts
 * import { bringModels } from "@kindred/hub/node";
 *
 * const { folders, bring } = bringModels({ offline: true });
 * await bring("./my-run/model"); // => "./my-run/model"
 * folders; // => {}
 * ```
 */
export function bringModels(options: ModelFolderOptions): BroughtModels {
  const folders: { [model: string]: string } = {};
  const bring = async (name: string): Promise<string> => {
    const folder = await modelFolder(name, options);
    if (folder === name) return name;
    const pinned = `${name.replace(/@.*$/, "")}@${basename(folder)}`; // a snapshot's folder is called after its commit
    folders[pinned] = folder;
    return pinned;
  };
  return { folders, bring };
}

/** The same error, which says first that no folder is there: most that is named so is one. */
function neitherFolderNorModel(model: string, error: HubError): HubError {
  const message = `${model}: no such folder.${meant(model)} As a model of the Hub: ${error.message.replace("resolveModel: ", "")}`;
  return new HubError(error.reason, message, error.details, { cause: error });
}

/** A folder that is there, and may be the one that is meant. */
function meant(model: string): string {
  const nearest = nearestPath(model);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

function isModelId(model: string): boolean {
  try {
    parseModelId(model);
    return true;
  } catch {
    return false; // a path
  }
}
