import { AppRegistry } from 'react-native';

import { name } from './app.json';
import { DeviceApp } from './src/DeviceApp';

AppRegistry.registerComponent(name, () => DeviceApp);
