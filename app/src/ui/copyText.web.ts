/** As copyText.ts, in a browser. */
export function copyText(text: string): Promise<void> {
  return navigator.clipboard.writeText(text);
}

export function clipboardText(): Promise<string> {
  return navigator.clipboard.readText();
}
