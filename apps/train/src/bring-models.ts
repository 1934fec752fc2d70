import { basename } from "node:path";
import { modelFolder, type ModelFolderOptions } from "@kindred/hub/node";

/**
 * Brings the models that a command line names. `bring` gives a model's name as a run keeps it: a folder as it is, an id of the Hub with the
 * revision that was brought, so that a run that goes on has the same; where that lies stands in `folders`.
 */
export function bringModels({ quiet, ...options }: Omit<ModelFolderOptions, "sink"> & { readonly quiet: boolean }) {
  const folders: { [model: string]: string } = {};
  const bring = async (name: string): Promise<string> => {
    const folder = await modelFolder(name, { ...options, ...(quiet ? {} : { sink: process.stderr }) });
    if (folder === name) return name;
    const pinned = `${name.replace(/@.*$/, "")}@${basename(folder)}`; // a snapshot's folder is called after its commit
    folders[pinned] = folder;
    return pinned;
  };
  return { folders, bring };
}
