#!/usr/bin/env bash
# The session in README.md does what the text around it says.
set -euo pipefail
cd "$WRIT_SOURCE"
mkdir -p "$TMPDIR/bin"
ln -s "$WRIT" "$TMPDIR/bin/writ"
export PATH=$TMPDIR/bin:$PATH

# Its shell blocks, in a folder of their own and on a port of their own.
port=$((20000 + $$ % 20000))
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' README.md |
    sed -e "s|/tmp/try|$TMPDIR/try|g" -e "s|8443|$port|g" -e 's|^sleep 1$|sleep 3|' >"$TMPDIR/session.sh"
(echo 'set -m' && cat "$TMPDIR/session.sh") | bash >"$TMPDIR/said" 2>"$TMPDIR/errors" || {
    cat "$TMPDIR/said" "$TMPDIR/errors"
    exit 1
}
cat "$TMPDIR/said"
for text in '^true$' '^PASS: 2/2$' '^func data.example.allow' '"outcome": "deny"' '"outcome":"allow"' \
    '^default: ok, ' 'service.stopped'; do
    grep -qE -- "$text" "$TMPDIR/said" || {
        echo "the session does not print $text"
        cat "$TMPDIR/errors"
        exit 1
    }
done
