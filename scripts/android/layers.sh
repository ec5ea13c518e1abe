# shellcheck shell=bash
# The layers of check-android.sh, one function each. Each runs in a subshell with `set -e`, in the repository's root; later ones use what earlier ones
# left in $WORK. A command substitution stands in an assignment of its own: only there does `set -e` see it fail.

HELPERS=$ROOT/scripts/android
ANDROID=$ROOT/app/android/app

need() { # COMMAND...
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || { echo "tool missing: $command; install it, or run this script as root on Debian" >&2; exit "$SKIPPED"; }
  done
}

installed() {
  need node
  [ -d node_modules/react-native ] || { echo "tool missing: node_modules; run npm ci" >&2; exit "$SKIPPED"; }
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
    [ "$status" = "$SKIPPED" ] || status=1
    exit "$status"
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
  after autolinking codegen manifest
  local path
  path=$(jars library framework unit-test)
  kotlinc -cp "$path" -d "$WORK/classes" \
    "$WORK/generated" "$WORK/r" "$WORK"/specs/*/java app/native-module/android/src/main/java "$ANDROID/src/main/java"
  find "$WORK/generated" "$WORK/r" "$WORK/specs" -name '*.java' -print0 |
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
  # Robolectric sets the number in a file descriptor; app/build.gradle opens the same package to it.
  java -Xmx2g --add-opens java.base/java.io=ALL-UNNAMED -Drobolectric.offline=true -Drobolectric.dependency.dir="$(dirname "$sdk")" \
    -cp "$WORK/tests:$path" org.junit.runner.JUnitCore $tests
}

device_test() {
  after kotlin
  local path
  path=$WORK/classes:$(jars device-test library framework unit-test)
  kotlinc -cp "$path" -d "$WORK/device-tests" "$ANDROID/src/androidTest/java"
  find "$ANDROID/src/androidTest/java" -name '*.java' -print0 | xargs -0 javac -nowarn -d "$WORK/device-tests" -cp "$WORK/device-tests:$path"
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

linkable() { # MANIFEST: without its <property> and <queries> elements, which Debian's aapt2 is too old to know
  perl -0pe 's#<property\b[^>]*/>##g; s#<queries\b.*?</queries>##gs' "$1" >"$1.linkable"
}

link() { # APK MANIFEST [OPTION...]
  local apk=$1 manifest=$2 framework resources=() file
  shift 2
  framework=$(jars resources)
  for file in "$WORK"/resources/*.zip "$WORK"/resources/app/*.zip; do resources+=(-R "$file"); done
  linkable "$manifest"
  aapt2 link -o "$apk" --manifest "$manifest.linkable" -I "$framework" --auto-add-overlay "$@" "${resources[@]}"
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

expect_exported_beyond_the_list() { # MANIFEST [COMPONENT]
  local found
  found=$(python3 "$HELPERS/exported.py" "$1" "$ANDROID/release-exported.txt")
  [ "$found" = "${2:-}" ] || {
    echo "$(basename "$1") lets other apps at ${found:-nothing} beyond $ANDROID/release-exported.txt; wanted ${2:-nothing}"
    exit 1
  }
}

manifest() {
  need aapt2
  after autolinking
  local name folder folders library linked
  library=$(folder_of library)
  linked=$(python3 "$HELPERS/library_manifests.py" "$WORK/autolinking.json" "$WORK/manifests")
  # shellcheck disable=SC2086  # one path a word
  merge "$WORK/release.xml" "$ANDROID/src/main/AndroidManifest.xml" $linked

  mkdir -p "$WORK/resources/app"
  for folder in "$library"/res/*; do
    aapt2 compile --dir "$folder" -o "$WORK/resources/$(basename "$folder").zip"
  done
  # Compiled and not linked: those of react-native-screens want Material's, which the registry lacks.
  mkdir -p "$WORK/unlinked"
  folders=$(python3 "$HELPERS/library_resources.py" "$WORK/autolinking.json")
  while read -r name folder; do
    aapt2 compile --dir "$folder" -o "$WORK/unlinked/$name.zip"
  done <<<"$folders"
  aapt2 compile --dir "$ANDROID/src/main/res" -o "$WORK/resources/app/app.zip"
  link "$WORK/release.apk" "$WORK/release.xml" --java "$WORK/r"
  expect_beyond_the_list "$WORK/release.apk"
  expect_exported_beyond_the_list "$WORK/release.xml"
  # Before Android 16 it sends Back past React Native, which then leaves the app from every screen.
  if grep -q enableOnBackInvokedCallback "$WORK/release.xml"; then
    echo "the manifest has enableOnBackInvokedCallback; take it out"
    exit 1
  fi
}

manifest_fixtures() {
  after manifest
  local main=$ANDROID/src/main/AndroidManifest.xml
  fixture() { # NAME MAIN LIBRARY [PERMISSION [COMPONENT]]
    merge "$WORK/$1.xml" "$2" "$HELPERS/fixtures/$3.xml"
    link "$WORK/$1.apk" "$WORK/$1.xml"
    expect_beyond_the_list "$WORK/$1.apk" "${4:-}"
    expect_exported_beyond_the_list "$WORK/$1.xml" "${5:-}"
  }
  sed '/<uses-permission .*tools:node="remove"/d' "$main" >"$WORK/undefended.xml"
  fixture undefended-app "$WORK/undefended.xml" asks-for-internet android.permission.INTERNET
  fixture app "$main" asks-for-internet
  fixture app-and-camera "$main" asks-for-camera android.permission.CAMERA
  fixture app-and-door "$main" exports-a-service "" example.door.Door
  merge "$WORK/icon.xml" "$main" "$HELPERS/fixtures/wants-a-missing-icon.xml"
  if link "$WORK/icon.apk" "$WORK/icon.xml" >"$WORK/icon.log" 2>&1; then
    echo "a manifest was linked whose icon is nowhere; wanted aapt2 to refuse it"
    exit 1
  fi
  grep -q 'example_missing' "$WORK/icon.log" || { cat "$WORK/icon.log"; exit 1; }
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

alignment() {
  need g++ python3
  printf 'int f() { return 1; }' >"$WORK/f.cc"
  pack() { # ARCHIVE PAGE METHOD: an archive that holds a library aligned to PAGE, stored (0) or deflated (8)
    g++ -shared -fPIC -Wl,-z,max-page-size="$2" -o "$WORK/lib.so" "$WORK/f.cc"
    python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w", int(sys.argv[3])).write(sys.argv[2], "lib/arm64-v8a/lib.so")' \
      "$1" "$WORK/lib.so" "$3"
  }
  expect_refusal() { # ARCHIVE WORDS
    if "$HELPERS/check_apk.py" "$1" >"$WORK/refusal.log"; then
      echo "$(basename "$1") was accepted; wanted: $2"
      exit 1
    fi
    grep -q "$2" "$WORK/refusal.log" || { cat "$WORK/refusal.log"; exit 1; }
  }
  pack "$WORK/good.apk" 16384 8
  pack "$WORK/good.aab" 16384 0
  "$HELPERS/check_apk.py" "$WORK/good.apk" "$WORK/good.aab"
  pack "$WORK/small-pages.apk" 4096 8
  expect_refusal "$WORK/small-pages.apk" "aligned to 4096 bytes"
  pack "$WORK/misplaced.apk" 16384 0
  expect_refusal "$WORK/misplaced.apk" "run zipalign"
  python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").writestr("classes.dex", b"")' "$WORK/without-core.apk"
  expect_refusal "$WORK/without-core.apk" "holds no native library"
}

encrypted_history() {
  need node
  # OP-SQLite takes its settings from the package.json beside app/android, and without this one keeps plain files, silently.
  node -e '
    const app = JSON.parse(require("fs").readFileSync("app/package.json", "utf8"));
    if (app.dependencies["@op-engineering/op-sqlite"] && app["op-sqlite"]?.sqlcipher !== true) {
      console.error("app/package.json has no op-sqlite.sqlcipher; wanted true, or the history is a plain file: add it");
      process.exit(1);
    }'
}

gradle_scripts() {
  local groovy
  groovy=$(jars groovy)
  java -cp "$groovy" groovy.ui.GroovyMain "$HELPERS/parse.groovy" \
    app/android/*.gradle app/android/app/*.gradle app/android/gradle/*.gradle app/native-module/android/build.gradle
}
