import { PermissionsAndroid, Platform } from 'react-native';

/** Android asks for notifications from this version (13) on. */
const FIRST = 33;

let asked = false;

/** Lets the user allow notifications, once in each run of the app; Android itself stops asking who has refused twice. Nothing waits for the answer. */
export function askForNotifications(): void {
  if (asked || Platform.OS !== 'android' || Platform.Version < FIRST) return;
  asked = true;
  PermissionsAndroid.request(PermissionsAndroid.PERMISSIONS.POST_NOTIFICATIONS).catch(() => undefined); // as when the app is not on the screen
}
