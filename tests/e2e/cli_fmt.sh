#!/usr/bin/env bash
# writ fmt: what goes where, exit statuses, and that no file is touched without need.
set -euo pipefail
top=$(dirname "$(readlink -f "$0")")/../..
WRIT=$(readlink -f "${WRIT:-$top/build/release/writ}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
failed=0

# expect STATUS STDOUT STDERR-PART ARGUMENTS...: runs writ fmt with standard input from `in`. An empty
# part: nothing may be on standard error.
expect() {
    local want=$1 out=$2 err=$3 status=0
    shift 3
    "$WRIT" fmt "$@" <"${in:-/dev/null}" >out 2>err || status=$?
    if [ "$status" != "$want" ] || [ "$(cat out)" != "$out" ] ||
        { [ -z "$err" ] && [ -s err ]; } || { [ -n "$err" ] && ! grep -qF -- "$err" err; }; then
        printf 'fmt %s: status %s, want %s\n%s\n' "$*" "$status" "$want" "$(cat out err)" >&2
        failed=1
    fi
}

mkdir -p d/e
printf 'package a\n\np := 1\n' >d/good.rego
printf 'package   a\n# c\np   :=   1 # d\n' >d/e/ugly.rego
printf 'package a\np { x }\n' >broken.rego
printf 'package a\np if { a, (2 in {2}) in {1} }\n' >changed.rego
printf 'not rego' >d/notes.txt
pretty=$'package a\n\n# c\np := 1 # d'

in=d/e/ugly.rego expect 0 "$pretty" ""
in=broken.rego expect 1 "" "stdin:2: rego_parse_error: \`if\` keyword is required before rule body"
in=changed.rego expect 1 "" "a rule is not the same"
expect 0 "$pretty" "" d/e/ugly.rego
expect 0 "d/e/ugly.rego" "" -l d
expect 2 "d/e/ugly.rego" "unexpected diff" -l --fail d
expect 2 "" "unexpected diff" --fail d/e/ugly.rego
expect 2 "" "failed to format Rego source file: 1 error occurred: broken.rego:2:" broken.rego
expect 0 $'package a\n\np {\n\tx\n}' "" --v0-compatible broken.rego
expect 0 $'package a\n\nimport rego.v1\n\np if x' "" --v0-v1 broken.rego
expect 1 "" "no such file or directory" absent
expect 2 "" "but the result is invalid" changed.rego
expect 0 $'package a\n\np if a, 2 in {2} in {1}' "" --check-result=false changed.rego

touch -d 2001-01-01 d/good.rego
expect 0 "" "" -w d
[ "$(cat d/e/ugly.rego)" = "$pretty" ] || { echo "-w left the file as it was" >&2; failed=1; }
[ "$(stat -c %Y d/good.rego)" = "$(date -d 2001-01-01 +%s)" ] || {
    echo "-w touched a file that needed no change" >&2
    failed=1
}
expect 0 "" "" --fail -l d
exit $failed
