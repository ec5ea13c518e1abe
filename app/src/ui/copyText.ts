import Clipboard from '@react-native-clipboard/clipboard';

/** Puts text on the clipboard. Rejects where the system refuses. */
export function copyText(text: string): Promise<void> {
  Clipboard.setString(text);
  return Promise.resolve();
}
