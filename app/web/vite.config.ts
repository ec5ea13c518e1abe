import { join } from 'node:path';

import { defineConfig } from 'vite';

/** The app for the browser preview: React Native's components by react-native-web. */
export default defineConfig({
  root: join(import.meta.dirname, 'client'),
  base: './',
  define: {
    __DEV__: 'false',
    global: 'globalThis',
    'process.env.NODE_ENV': '"production"',
    'process.env.JEST_WORKER_ID': 'undefined',
  },
  resolve: {
    alias: [{ find: /^react-native$/, replacement: 'react-native-web' }],
    extensions: ['.web.tsx', '.web.ts', '.web.js', '.tsx', '.ts', '.js', '.json'],
  },
  build: {
    outDir: join(import.meta.dirname, '..', 'dist', 'web'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      onLog: (level, log, handler) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log); // "use client", of no meaning here
      },
    },
  },
});
