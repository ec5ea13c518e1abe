# shellcheck shell=bash
# The layers of check-android.sh, one function each. Each runs in a subshell with `set -e`, in the repository's root; later ones use what earlier ones
# left in $WORK. A command substitution stands in an assignment of its own: only there does `set -e` see it fail.

HELPERS=$ROOT/scripts/android
ANDROID=$ROOT/app/android/app

need() { # COMMAND...
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || { echo "tool missing: $command; install it, or run this script as root on Debian" >&2; exit "$TOOL_MISSING"; }
  done
}

installed() {
  need node
  [ -d node_modules/react-native ] || { echo "tool missing: node_modules; run npm ci" >&2; exit "$TOOL_MISSING"; }
}

bindings() {
  installed
  if [ ! -f app/native-module/cpp/generated/tandem_ffi.cpp ] || [ ! -f app/native-module/android/cpp-adapter.cpp ]; then
    npm run --silent bindings -w @tandem/app
  fi
}

after() { # FUNCTION...: layers whose results this one uses; a skipped one takes it along
  local earlier status
  for earlier in "$@"; do
    status=$(cat "$WORK/$earlier.status")
    [ "$status" = 0 ] && continue
    echo "it uses what \"$earlier\" makes, and that one ended with: $(tail -n 1 "$WORK/$earlier.log")"
    case $status in "$NOT_SERVED" | "$TOOL_MISSING") exit "$status" ;; *) exit 1 ;; esac
  done
}

folder_of() { # GROUP...: the folders of what was fetched, one a line
  need mvn java javac python3
  "$HELPERS/artifacts.py" "$@"
}

jars() { # GROUP...: their jars as a class path
  local folders
  folders=$(folder_of "$@")
  while read -r folder; do printf '%s\n' "$folder"/*.jar; done <<<"$folders" | paste -sd:
}

javascript() {
  bindings
  npm run --silent bundle:android -w @tandem/app
}

autolinking() {
  bindings
  (cd app && "$ROOT/node_modules/.bin/react-native" config) >"$WORK/autolinking.json"
  python3 "$HELPERS/gradle_generated.py" "$WORK/autolinking.json" "$WORK/generated"
}

codegen() {
  bindings
  "$HELPERS/codegen.sh" app/native-module "$WORK/specs/core"
  "$HELPERS/codegen.sh" app "$WORK/specs/app"
}

kotlinc() {
  local compiler
  compiler=$(jars kotlin)
  java -cp "$compiler" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -jvm-target 17 -Werror "$@"
}

kotlin() {
  after autolinking codegen
  local path
  path=$(jars library framework unit-test)
  kotlinc -cp "$path" -d "$WORK/classes" \
    "$WORK/generated" "$WORK"/specs/*/java app/native-module/android/src/main/java "$ANDROID/src/main/java"
  find "$WORK/generated" "$WORK/specs" -name '*.java' -print0 |
    xargs -0 javac -nowarn -d "$WORK/classes" -cp "$WORK/classes:$path"
}

unit_tests() {
  after kotlin
  local path sdk tests
  path=$WORK/classes:$(jars unit-test unit-test-android library framework)
  sdk=$(jars robolectric-sdk)
  kotlinc -cp "$path" -d "$WORK/tests" "$ANDROID/src/test/java"
  cp "$ANDROID"/src/test/resources/* "$WORK/tests"
  tests=$(cd "$WORK/tests" && find . -name '*Test.class' | sed 's#^\./##; s#\.class$##; s#/#.#g')
  [ -n "$tests" ] || { echo "no class named …Test in $ANDROID/src/test"; exit 1; }
  # The framework's classes that Robolectric runs come from its own instrumented copy, not from the class path.
  # shellcheck disable=SC2086  # one class a word
  java -Xmx2g -Drobolectric.offline=true -Drobolectric.dependency.dir="$(dirname "$sdk")" \
    -cp "$WORK/tests:$path" org.junit.runner.JUnitCore $tests
}

device_test() {
  after kotlin
  local path
  path=$WORK/classes:$(jars device-test library framework unit-test)
  kotlinc -cp "$path" -d "$WORK/device-tests" "$ANDROID/src/androidTest/java"
}

merge() { # OUT MAIN [LIBRARY MANIFEST...]: the manifest as AGP's merger makes it for a release
  local out=$1 main=$2 merger library libraries
  shift 2
  merger=$(jars manifest-merger)
  library=$(folder_of library)
  libraries=$(printf '%s\n' "$library"/manifest/*.xml "$@" | paste -sd:)
  java -cp "$merger" com.android.manifmerger.Merger --log WARNING --remove-tools-declarations --main "$main" --libs "$libraries" \
    --property PACKAGE=ai.tandem.app --property MIN_SDK_VERSION=26 --property TARGET_SDK_VERSION=36 \
    --property VERSION_CODE=1 --property VERSION_NAME=0.1.0 --out "$out"
}

link() { # APK MANIFEST
  local framework resources=() file
  framework=$(jars resources)
  for file in "$WORK"/resources/*.zip "$WORK"/resources/app/*.zip; do resources+=(-R "$file"); done
  aapt2 link -o "$1" --manifest "$2" -I "$framework" --auto-add-overlay "${resources[@]}"
}

permissions_beyond_the_list() { # APK: what app/build.gradle refuses in the merged manifest, looked for in the linked one
  local asked
  asked=$(aapt2 dump permissions "$1" | sed -n "s/^uses-permission[^:]*: name='\([^']*\)'.*/\1/p")
  printf '%s\n' "$asked" | grep -vxF -f "$ANDROID/release-permissions.txt" || true
}

expect_beyond_the_list() { # APK [PERMISSION]
  local found
  found=$(permissions_beyond_the_list "$1")
  [ "$found" = "${2:-}" ] || {
    echo "$(basename "$1") asks for ${found:-nothing} beyond $ANDROID/release-permissions.txt; wanted ${2:-nothing}"
    exit 1
  }
}

manifest() {
  need aapt2
  after autolinking
  local folder library linked
  library=$(folder_of library)
  linked=$(python3 "$HELPERS/library_manifests.py" "$WORK/autolinking.json" "$WORK/manifests")
  # shellcheck disable=SC2086  # one path a word
  merge "$WORK/release.xml" "$ANDROID/src/main/AndroidManifest.xml" $linked

  mkdir -p "$WORK/resources/app"
  for folder in "$library"/res/*; do
    aapt2 compile --dir "$folder" -o "$WORK/resources/$(basename "$folder").zip"
  done
  aapt2 compile --dir "$ANDROID/src/main/res" -o "$WORK/resources/app/app.zip"
  link "$WORK/release.apk" "$WORK/release.xml"
  expect_beyond_the_list "$WORK/release.apk"
}

manifest_fixtures() {
  after manifest
  local main=$ANDROID/src/main/AndroidManifest.xml
  fixture() { # NAME MAIN LIBRARY [PERMISSION]
    merge "$WORK/$1.xml" "$2" "$HELPERS/fixtures/$3.xml"
    link "$WORK/$1.apk" "$WORK/$1.xml"
    expect_beyond_the_list "$WORK/$1.apk" "${4:-}"
  }
  sed '/<uses-permission .*tools:node="remove"/d' "$main" >"$WORK/undefended.xml"
  fixture undefended-app "$WORK/undefended.xml" asks-for-internet android.permission.INTERNET
  fixture app "$main" asks-for-internet
  fixture app-and-camera "$main" asks-for-camera android.permission.CAMERA
}

jsi() {
  bindings
  local compiler=${CXX:-g++}
  need "$compiler" javac
  local headers java
  headers=$(folder_of library)/include
  java=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")/include
  # Both standards: the generated CMakeLists.txt says 17, React Native's own code is built as 20.
  for standard in gnu++17 gnu++20; do
    "$compiler" -std=$standard -Wall -Werror -fexceptions -frtti -fsyntax-only \
      -I app/native-module/cpp -I app/native-module/cpp/generated -I node_modules/uniffi-bindgen-react-native/cpp/includes \
      -isystem "$headers" -isystem "$java" -isystem "$java/linux" \
      app/native-module/cpp/*.cpp app/native-module/cpp/generated/*.cpp app/native-module/android/cpp-adapter.cpp
  done
}

gradle_scripts() {
  local groovy
  groovy=$(jars groovy)
  java -cp "$groovy" groovy.ui.GroovyMain "$HELPERS/parse.groovy" \
    app/android/*.gradle app/android/app/*.gradle app/android/gradle/*.gradle app/native-module/android/build.gradle
}
