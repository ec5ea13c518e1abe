jest.mock('react-native-safe-area-context', () => require('react-native-safe-area-context/jest/mock').default);
jest.mock('@react-native-clipboard/clipboard', () => require('@react-native-clipboard/clipboard/jest/clipboard-mock.js'));
// The real one draws letters of an icon font, which tests would read as text.
jest.mock('@react-native-vector-icons/material-design-icons', () => ({ __esModule: true, default: () => null }));
