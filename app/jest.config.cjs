const preset = require('@react-native/jest-preset/jest-preset');

/** Packages that ship untranspiled code. */
const transpiled = ['(jest-)?react-native(-.*)?', '@react-native(-.*)?', '@react-native-vector-icons', '@react-navigation', 'test-renderer'].join('|');

/** @type {import('jest').Config} */
module.exports = {
  // Only ends a test that hangs: on a busy machine the first one of a file may wait long for its modules.
  testTimeout: 120_000,
  projects: [
    {
      // Screens and state, on a scripted core.
      ...preset,
      displayName: 'ui',
      rootDir: __dirname,
      testMatch: ['<rootDir>/src/**/*.test.ts?(x)'],
      testPathIgnorePatterns: ['\\.core\\.test\\.ts$'],
      setupFiles: [...(preset.setupFiles ?? []), '<rootDir>/jest/setup.cjs'],
      transformIgnorePatterns: [`node_modules/(?!(${transpiled})/)`],
    },
    {
      // The real core, through the Node binding.
      displayName: 'core',
      rootDir: __dirname,
      testEnvironment: 'node',
      testMatch: ['<rootDir>/src/**/*.core.test.ts', '<rootDir>/web/**/*.test.ts'],
      transform: {
        '\\.[jt]sx?$': ['babel-jest', { configFile: false, presets: ['module:@react-native/babel-preset'], plugins: ['./jest/importMetaUrl.cjs'] }],
      },
      transformIgnorePatterns: ['/node_modules/'],
    },
  ],
};
