#!/usr/bin/env bash
# A library is opened when it is called: what does not call it neither needs nor loads it; what does ends closed without it.
set -uo pipefail
failed=0

fail() {
    echo "libraries: $*" >&2
    failed=1
}

if readelf -d "$WRIT" | grep -q 'NEEDED.*libcurl'; then
    echo "libraries: this build is linked with its libraries"
    exit 77
fi

# Found first, these are no libraries.
for library in libcurl libcrypto libsqlite3; do
    mkdir "$TMPDIR/$library"
    for file in libcurl.so.4 libcrypto.so.3 libsqlite3.so.0; do
        [ "${file%%.*}" != $library ] || echo "no library" >"$TMPDIR/$library/$file"
    done
done
cat >"$TMPDIR/policy.rego" <<'END'
package libraries

default allow := false

allow if input.x == 1

digest := crypto.sha256("x")

fetched if not http.send({"method": "get", "url": "http://127.0.0.1:1/", "raise_error": false}).error
END
echo '{"x": 1}' >"$TMPDIR/input.json"
ask() {
    "$WRIT" eval -f raw -d "$TMPDIR/policy.rego" -i "$TMPDIR/input.json" "$1" 2>"$TMPDIR/err"
}

digest=$(ask data.libraries.digest)
[ "$digest" = 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ] || fail "digest: $digest"

for rule in digest:libcrypto fetched:libcurl; do
    export LD_LIBRARY_PATH=$TMPDIR/${rule#*:}
    [ "$(ask data.libraries.allow)" = true ] || fail "a decision needs ${rule#*:}"
    out=$(ask "data.libraries.${rule%:*}")
    status=$?
    [ $status = 2 ] || fail "${rule%:*}: status $status"
    [ -z "$out" ] || fail "${rule%:*}: answered $out"
    grep -q "${rule#*:}.*is needed" "$TMPDIR/err" || fail "${rule%:*}: $(cat "$TMPDIR/err")"
done
LD_LIBRARY_PATH=$TMPDIR/libsqlite3 timeout 20 "$WRIT" gatekeeper --data "$TMPDIR/data" 2>"$TMPDIR/err"
status=$?
[ $status = 2 ] || fail "gatekeeper: status $status"
grep -q "is needed" "$TMPDIR/err" || fail "gatekeeper: $(cat "$TMPDIR/err")"
[ ! -e "$TMPDIR/data" ] || fail "the gatekeeper began without its libraries"
exit $failed
