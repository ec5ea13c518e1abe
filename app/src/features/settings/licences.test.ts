import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import app from '../../../package.json';

import { libraries } from './licences';

const packages = join(__dirname, '..', '..', '..', '..', 'node_modules');

test('every library that the app ships is named with the licence of its package', () => {
  const shipped = Object.keys(app.dependencies).filter(name => name !== 'tandem-core');
  const named = shipped.map(folder => {
    // An alias is called by the package that it stands for.
    const { name, license } = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as { name: string; license: string };
    return { name, licence: license };
  });
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect([...libraries].sort(byName)).toEqual(named.sort(byName));
});
