#!/usr/bin/env bash
# codegen.sh PACKAGE OUT: React Native's codegen for the specs of the npm package in the folder PACKAGE, with the calls that its Gradle plugin makes.
# Writes OUT/schema.json, OUT/java/… and OUT/jni/….
set -euo pipefail
package=$1 out=$2
root=$(cd "$(dirname "$0")/../.." && pwd)

config() { # KEY...: that value of codegenConfig
  # shellcheck disable=SC2016  # the dollars are JavaScript's
  node -e '
    const [file, ...keys] = process.argv.slice(1);
    const value = keys.reduce((at, key) => at?.[key], JSON.parse(require("fs").readFileSync(file, "utf8")).codegenConfig);
    if (typeof value !== "string") {
      console.error(`${file} has no codegenConfig.${keys.join(".")}; React Native generates the native half of a module from it: add it`);
      process.exit(1);
    }
    console.log(value);' "$package/package.json" "$@"
}
name=$(config name)
sources=$(config jsSrcsDir)
java=$(config android javaPackageName)

mkdir -p "$out"
node "$root/node_modules/@react-native/codegen/lib/cli/combine/combine-js-to-schema-cli.js" \
  --platform android --libraryName "$name" "$out/schema.json" "$package/$sources"
node "$root/node_modules/react-native/scripts/generate-specs-cli.js" --platform android --schemaPath "$out/schema.json" \
  --outputDir "$out" --libraryName "$name" --javaPackageName "$java" --libraryType modules
find "$out/java" -name '*Spec.java' 2>/dev/null | grep -q . || {
  echo "$package/$sources holds no spec: wanted a file Native*.ts that exports a TurboModule called Spec" >&2
  exit 1
}
