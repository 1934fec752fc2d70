/** The beginning of a text in backquotes, at most 80 characters of it, for an error message of one line. */
export function excerpt(text: string): string {
  const characters = Array.from(text.slice(0, 200));
  const shown = characters.length > 80 || text.length > 200 ? `${characters.slice(0, 79).join("")}…` : text;
  return `\`${shown.replaceAll("\n", "\\n")}\``;
}
