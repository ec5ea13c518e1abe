/** Checks that the app keeps to the rules of .dependency-cruiser.cjs, and that each rule bites: its fixture breaks it, and only it. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { cruise } from 'dependency-cruiser';

const app = join(import.meta.dirname, '..');
const fixtures = join(import.meta.dirname, 'fixtures');
const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const { enhancedResolveOptions, ...cruiseOptions } = options;

async function violations(baseDir, files) {
  const { output } = await cruise(files, { ...cruiseOptions, baseDir, validate: true, ruleSet: { forbidden } }, enhancedResolveOptions);
  return { found: output.summary.violations, cruised: output.summary.totalCruised };
}

let failed = false;
function fail(message) {
  failed = true;
  console.error(`depcruise: ${message}`);
}

const { found, cruised } = await violations(app, ['src', 'web', 'index.js']);
for (const { rule, from, to } of found) fail(`${rule.name}: ${from} imports ${to}`);

const rules = forbidden.map(({ name }) => name).sort();
const proved = readdirSync(fixtures).sort();
if (rules.join() !== proved.join()) fail(`the rules are ${rules.join(', ')}, but there are fixtures for ${proved.join(', ')}`);
for (const name of proved) {
  const broken = [...new Set((await violations(join(fixtures, name), ['.'])).found.map(({ rule }) => rule.name))];
  if (broken.join() !== name) fail(`the fixture of ${name} must break this rule alone; it breaks ${broken.join(', ') || 'none'}`);
}

if (failed) process.exit(1);
console.log(`depcruise: ${String(cruised)} modules keep to ${String(rules.length)} rules, each of which bites`);
