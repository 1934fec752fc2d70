/** What is told to people when texts lost their end; nothing when none did. */
export function truncationNote(truncated: number, texts: number): string {
  return truncated > 0 ? `${truncated} of ${texts} texts were longer than the model's limit and lost their end.\n` : "";
}
