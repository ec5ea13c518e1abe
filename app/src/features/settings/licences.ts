/** What the app is made with and what it is licensed under, for the licences screen; licences.test.ts compares it with the packages. */
export const libraries: { name: string; licence: string }[] = [
  { name: '@op-engineering/op-sqlite', licence: 'MIT' },
  { name: '@react-native-clipboard/clipboard', licence: 'MIT' },
  { name: '@react-native-vector-icons/material-design-icons', licence: 'MIT' },
  { name: '@react-navigation/native', licence: 'MIT' },
  { name: '@react-navigation/native-stack', licence: 'MIT' },
  { name: 'react', licence: 'MIT' },
  { name: 'react-native', licence: 'MIT' },
  { name: 'react-native-paper', licence: 'MIT' },
  { name: 'react-native-safe-area-context', licence: 'MIT' },
  { name: 'react-native-screens', licence: 'MIT' },
  { name: 'uniffi-bindgen-react-native', licence: 'MPL-2.0' },
];

/** The device core's direct libraries and what is compiled into them on the phone. */
export const coreLibraries: { name: string; licence: string }[] = [
  { name: 'mistral.rs', licence: 'MIT' },
  { name: 'Candle', licence: 'MIT OR Apache-2.0' },
  { name: 'Tokenizers', licence: 'Apache-2.0' },
  { name: 'Safetensors', licence: 'Apache-2.0' },
  { name: 'UniFFI', licence: 'MPL-2.0' },
  { name: 'SQLCipher', licence: 'BSD-3-Clause' },
  { name: 'OpenSSL', licence: 'Apache-2.0' },
  { name: 'Material Design Icons', licence: 'Apache-2.0' },
];
