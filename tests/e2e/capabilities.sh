#!/usr/bin/env bash
# What this build offers is what OPA 1.22.0 publishes: names, declarations, operators, flags,
# categories, keywords, features. Sentences that describe are ours.
set -euo pipefail
words='walk(if type == "object" then del(.description) else . end) | .builtins |= sort_by(.name)'
lines='.builtins[], del(.builtins)'
"$WRIT" capabilities --current | jq -S "$words" | jq -c "$lines" >"$TMPDIR/ours"
jq -S "$words" "$WRIT_SOURCE/tests/cli/files/opa-capabilities-1.22.0.json" | jq -c "$lines" >"$TMPDIR/theirs"
diff "$TMPDIR/theirs" "$TMPDIR/ours"
