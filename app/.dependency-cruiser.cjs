const test = '\\.test\\.tsx?$';

/** What may import what. Each rule has a folder of its name in depcruise/fixtures that breaks it; `npm run depcruise` checks both. */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-without-interface',
      comment: 'The core knows nothing of screens; of React Native it may use what the codegen specs need.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: test },
      to: { path: ['^src/(ui|features|i18n|App|DeviceApp)', '/node_modules/(react|react-dom|react-native-paper)/'] },
    },
    {
      name: 'native-modules-in-core-only',
      comment: 'The phone’s own modules are chosen where the app is put together.',
      severity: 'error',
      from: { path: '^src/(ui|features|i18n|App)' },
      to: { path: '^src/core/Native' },
    },
    {
      name: 'screens-without-engine',
      comment: 'Screens and state work on the contract: they run the same on the phone, in the browser and in tests.',
      severity: 'error',
      from: { path: '^src/(ui|features|i18n|App)' },
      to: {
        path: [
          '^src/core/(bindingCore|bindingLibrary|phone\\.ts|storage/phoneStorage)',
          '^web/',
          '^generated/',
          '^native-module/',
          '^#binding$',
          '^tandem-core$',
        ],
      },
    },
    {
      name: 'one-place-for-the-binding',
      severity: 'error',
      from: { path: '^(src|web)/', pathNot: '^src/core/binding(Core|Library)\\.ts$' },
      to: { path: ['^generated/', '^native-module/', '^#binding$', '^tandem-core$'] },
    },
    {
      name: 'ui-without-features',
      severity: 'error',
      from: { path: '^src/(ui|i18n)/' },
      to: { path: '^src/features/' },
    },
    {
      name: 'navigation-in-one-place',
      comment: 'A screen says what the user wants; src/Screens.tsx knows where that leads.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/Screens\\.tsx$' },
      to: { path: ['/node_modules/@react-navigation/', '^@react-navigation/'] },
    },
    {
      name: 'database-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/core/storage/phoneStorage\\.ts$', test] },
      to: { path: ['/node_modules/@op-engineering/', '^@op-engineering/'] },
    },
    {
      name: 'app-without-web',
      comment: 'The preview is no part of the app.',
      severity: 'error',
      from: { path: '^(src/|index\\.js)' },
      to: { path: '^web/' },
    },
    {
      name: 'page-without-server',
      severity: 'error',
      from: { path: '^web/client/', pathNot: test },
      to: { path: '^web/server/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-mocks-in-the-product',
      severity: 'error',
      from: { path: '^(src|web)/', pathNot: test },
      to: { path: '^jest/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^generated', '^native-module'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      conditionNames: ['node', 'import', 'require', 'default'],
      exportsFields: ['exports'],
    },
  },
};
