import { readdirSync } from "node:fs";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import type { EncoderFamily } from "../src/encoder-family.ts";

/** The golden models of some families, and what transformers gives for each: the case as `set/name`, its family, its folder. */
export function goldenCases(
  families: readonly EncoderFamily[],
): { readonly name: string; readonly family: EncoderFamily; readonly golden: string }[] {
  return ["families", "more-families"].flatMap((set) => {
    if (!sharedExists("golden", set)) return [];
    return readdirSync(sharedPath("golden", set)).flatMap((name) => {
      const config = ["golden", set, name, "model", "config.json"] as const;
      if (!sharedExists(...config)) return [];
      const { model_type: type } = readJson<{ model_type: string }>(sharedPath(...config));
      const family = families.find(({ modelTypes }) => modelTypes.includes(type));
      return family === undefined ? [] : [{ name: `${set}/${name}`, family, golden: sharedPath("golden", set, name) }];
    });
  });
}
