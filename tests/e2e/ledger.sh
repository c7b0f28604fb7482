#!/usr/bin/env bash
# The ledger's proof: over HTTP and by the command, of a good log and of a damaged one.
. "$WRIT_SOURCE/tests/e2e/service.bash"

gatekeeper gk
for i in $(seq 12); do
    jq -c ".subject.id = \"emp:$i\"" "$samples/deny/packet.json" >"$tmp/one.json"
    packet "entry-$i" "$tmp/one.json"
    [ "$code" = 201 ] || bad "request $i: $code"
done
last=$(get .receipt.index)

# ---- While the service runs ----

call "$url/v1/ledger/verify"
report=$(tail -n 1 "$tmp/body")
is "over HTTP" "$code $(jq -r '"\(.ok) \(.chain) \(.tree)"' <<<"$report")" "200 true ok ok"
is "all entries are counted" "$(jq ".size > $last" <<<"$report")" true
call "$url/v1/ledger/verify?tenant=other"
problem "another tenant" 404 not_found
call "$url/v1/ledger/verify?tenant=../default"
problem "no tenant's name" 404 not_found
said=$("$WRIT" ledger verify --data "$tmp/gk" --json)
is "by the command beside the service" "$? $(tail -n 1 <<<"$said" | jq -r .ok)" "0 true"
ends "$pid"
is "SIGTERM ends it with 0" "$status" 0

# ---- The command ----

"$WRIT" ledger verify --data "$tmp/gk" >"$tmp/said" 2>&1
is "verify" "$?" 0
has "in words" "$(cat "$tmp/said")" "default: ok"
is "show, from the third on" "$("$WRIT" ledger show --data "$tmp/gk" --tenant default --from 2 --json |
    head -1 | jq .i)" 2
is "each entry names the one before" "$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json |
    jq -r .prev | sort | uniq -d | wc -l)" 0
wrong() { # wrong STATUS ARGUMENT...: says what is wrong, with that status
    local want=$1 got
    shift
    "$WRIT" ledger "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    is "ledger ${*//$tmp/DIR}" "$got $([ -s "$tmp/err" ] && echo told)" "$want told"
}
wrong 2 verify
wrong 2 frobnicate
wrong 2 verify --data
wrong 2 verify --data "$tmp/gk" more
wrong 2 verify --data "$tmp/gk" --tenant ../default
wrong 2 verify --data "$tmp/gk" --tenant ''
wrong 2 verify --data "$tmp/gk" --key nonsense
wrong 2 verify --data "$tmp/gk" --unknown
wrong 2 show --data "$tmp/gk"
wrong 2 show --data "$tmp/gk" --tenant default --from -1
wrong 2 show --data "$tmp/gk" --tenant default --from x
wrong 2 show --data "$tmp/gk" --tenant default --to 99999999999999999999
wrong 1 verify --data "$tmp/nowhere"
wrong 1 verify --data "$tmp/gk" --tenant nobody
wrong 1 show --data "$tmp/gk" --tenant nobody
wrong 2 verify --data "$tmp/gk" --key "writ.local/default+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

# ---- Damage ----

segment=$(find "$tmp/gk/ledger" -name '*.seg' | head -1)
used=$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json | wc -c)
damaged() { # damaged WHAT: the copy does not verify, and the place is named
    local got
    "$WRIT" ledger verify --data "$tmp/copy" >"$tmp/out" 2>&1
    got=$?
    is "$1: status" "$got" 2
    if grep -qE '(entry|byte|checkpoint|index) [0-9]+|\.seg|checkpoint' "$tmp/out"; then
        ok "$1: named: $(head -1 "$tmp/out" | sed "s|$tmp|DIR|g" | cut -c1-120)"
    else
        bad "$1: not named: $(cat "$tmp/out")"
    fi
}
copy() { rm -rf "$tmp/copy" && cp -r "$tmp/gk" "$tmp/copy" && part=$tmp/copy${segment#"$tmp/gk"}; }
flip() { # flip FILE OFFSET
    local was
    was=$(od -An -tu1 -j "$2" -N1 "$1" | tr -d ' ')
    printf "\\x$(printf '%02x' $((was ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
    copy
    at=$((used * i / 12 + i))
    flip "$part" "$at"
    damaged "byte $at flipped"
done
copy
truncate -s $((used / 2)) "$part"
damaged "half of it cut off"
copy
head -c 20 "$part" >"$tmp/short" && cp "$tmp/short" "$part"
damaged "all but twenty bytes cut off"
copy
rm "$part"
"$WRIT" ledger verify --data "$tmp/copy" >"$tmp/out" 2>&1
if [ $? -ne 0 ]; then ok "a lost segment is told"; else bad "a lost segment: $(cat "$tmp/out")"; fi
# An entry replaced by another of the same length, frame and checksum left as they were.
copy
sed -i 's/"outcome":"deny"/"outcome":"DENY"/' "$part"
damaged "an outcome rewritten"

# A gatekeeper does not start on a damaged log.
copy
flip "$part" $((used / 2))
if timeout 20 "$WRIT" gatekeeper --data "$tmp/copy" --listen 127.0.0.1:0 --policies "$WRIT_SOURCE/policies" \
    >"$tmp/out" 2>&1; then
    bad "a gatekeeper on a damaged log ends with 0"
else
    is "a gatekeeper does not start on a damaged log" "$?" 1
fi
hasnt "nor listens" "$(cat "$tmp/out")" "listening on"

# Found over HTTP too, while the service runs.
gatekeeper gk
flip "$segment" $((used / 3))
call "$url/v1/ledger/verify"
is "a byte flipped under a running service" "$(tail -n 1 "$tmp/body" | jq -r .ok)" false
flip "$segment" $((used / 3))
call "$url/v1/ledger/verify"
is "and flipped back" "$(tail -n 1 "$tmp/body" | jq -r .ok)" true
ends "$pid"

# Two writers.
gatekeeper gk
"$WRIT" gatekeeper --data "$tmp/gk" --listen 127.0.0.1:0 --policies "$WRIT_SOURCE/policies" >"$tmp/out" 2>&1
is "a second gatekeeper on the same folder" "$?" 1
ends "$pid"
finish
