// docs/options.md as text: the reference of all training options, and of the commands beside training, made from their tables.
import { helpOptions } from "@kindred/command-line/node";
import { serveFlags } from "@kindred/encode";
import { markdownTable, optionReference, shown } from "@kindred/options";
import { distillDefaults, distillOwnOptions, distillStaticFlags, mineFlags, prepareFlags } from "@kindred/train";
import { trainOptions, trainPresets } from "@kindred/trainer";

/** The whole page. */
export function optionsPage() {
  return `# Training options

Every option of a training run, for \`trainConfig\` of \`@kindred/trainer\`, for the file of \`--config\`, and for \`kindred-train\`, where \`batchSize\`
is written \`--batch-size\`. A boolean takes no value there: \`--revectorize\`, \`--no-revectorize\`. The command has \`revectorize\` on by default.

This page is written by \`node tools/docs/write-options.mjs\` from the options themselves.

${optionReference(trainOptions)}

## Presets

What \`--preset\` puts in the place of the defaults. What is given beside it goes before it.

${presetTable()}

As a preset of the command, \`quickstart\` also names its data. \`npx kindred-train --help\` lists these options as flags, after the command's own.

## Distilling

What \`kindred-train distill TEXTS… OUTPUT\` and \`distillConfig\` of \`@kindred/train\` take beside the options above:

${plainReference(distillOwnOptions)}

Of the options above a distillation has others by default: ${defaultsOf(distillDefaults)}.

## Distilling static embeddings

What \`kindred-train distill-static TEACHER OUTPUT\` takes; [how](./static-embeddings.md):

${plainReference(distillStaticFlags)}

## Mining hard negatives

What \`kindred-train mine DATA OUTPUT\` takes:

${plainReference(mineFlags)}

## Preparing Reddit's comments

What \`kindred-train prepare reddit DUMP… OUTPUT\` takes:

${plainReference(prepareFlags)}

## Serving

What \`kindred-encode serve\` takes; [how it serves](./serve.md):

${plainReference(serveFlags)}
`;
}

/** A table without headings of groups, and without what every command has. @param {import("@kindred/options").OptionTable} table */
function plainReference(table) {
  const own = Object.entries(table).filter(([name]) => !Object.hasOwn(helpOptions, name));
  return optionReference(Object.fromEntries(own.map(([name, { group: _, ...one }]) => [name, one])));
}

/** @param {Record<string, unknown>} defaults */
function defaultsOf(defaults) {
  return Object.entries(defaults)
    .map(([name, value]) => `\`${name}\` ${shown(value)}`)
    .join(", ");
}

function presetTable() {
  const presets = Object.entries(trainPresets);
  const names = Object.keys(trainOptions).filter((name) => presets.some(([, values]) => name in values));
  const cellOf = (/** @type {Record<string, unknown>} */ values, /** @type {string} */ name) => shown(values[name]);
  return markdownTable([
    ["option", ...presets.map(([preset]) => `\`${preset}\``)],
    ...names.map((name) => [`\`${name}\``, ...presets.map(([, values]) => cellOf(values, name))]),
  ]);
}
