import type * as ReactNative from 'react-native';

import type * as Notifications from './notifications';

/** The module anew, as in another run of the app, on this version of Android. */
function onAndroid(version: number) {
  jest.resetModules();
  const { PermissionsAndroid, Platform } = jest.requireActual<typeof ReactNative>('react-native');
  jest.replaceProperty(Platform, 'OS', 'android');
  Object.defineProperty(Platform, 'Version', { value: version, configurable: true });
  const request = jest.spyOn(PermissionsAndroid, 'request').mockRejectedValue(new Error('no activity'));
  const { askForNotifications } = jest.requireActual<typeof Notifications>('./notifications');
  return { askForNotifications, request };
}

test('the user is asked once, and a failure to ask is none of what runs', async () => {
  const { askForNotifications, request } = onAndroid(33);
  askForNotifications();
  askForNotifications();
  await new Promise(resolve => setImmediate(resolve));
  expect(request.mock.calls).toEqual([['android.permission.POST_NOTIFICATIONS']]);
});

test('an Android that does not ask is not asked', () => {
  const { askForNotifications, request } = onAndroid(32);
  askForNotifications();
  expect(request).not.toHaveBeenCalled();
});
