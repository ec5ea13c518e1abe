const path = require('node:path');

const { getDefaultConfig, mergeConfig } = require('@react-native/metro-config');

/** The packages and the samples lie in the repository's root, outside the app's folder. */
module.exports = mergeConfig(getDefaultConfig(__dirname), {
  watchFolders: [path.join(__dirname, '..', 'node_modules'), path.join(__dirname, '..', 'assets', 'samples')],
});
