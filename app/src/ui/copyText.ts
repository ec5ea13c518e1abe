import Clipboard from '@react-native-clipboard/clipboard';

/** Puts text on the clipboard. Rejects where the system refuses. */
export function copyText(text: string): Promise<void> {
  Clipboard.setString(text);
  return Promise.resolve();
}

/** The clipboard's text; empty where there is none. Rejects where the system refuses. */
export function clipboardText(): Promise<string> {
  return Clipboard.getString();
}
