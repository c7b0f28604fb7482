#!/usr/bin/env bash
# The demonstration plays to its end, and everything in it is as it should be.
set -euo pipefail
cd "$WRIT_SOURCE"
scripts/demo --window 4 >"$TMPDIR/said"
cat "$TMPDIR/said"
grep -q 'All was as it should be' "$TMPDIR/said"

# In a pipe there is no colour.
if grep -q $'\e' "$TMPDIR/said"; then
    echo "colour in a pipe" >&2
    exit 1
fi

status=0
scripts/demo --window soon >"$TMPDIR/said" 2>&1 || status=$?
[ "$status" -eq 2 ]
grep -q -- '--window wants seconds' "$TMPDIR/said"
