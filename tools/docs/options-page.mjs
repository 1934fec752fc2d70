// docs/options.md as text: the reference of all training options, made from their table.
import { markdownTable, optionReference, shown } from "@kindred/options";
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
`;
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
