#!/usr/bin/env bash
# The gatekeeper's main road: the five samples, keys of idempotency, drain, restart, kill -9 under load.
. "$WRIT_SOURCE/tests/e2e/service.bash"

gatekeeper gk
first=$url first_pid=$pid

# ---- The five samples ----

declare -A wanted=([allow]="allow SIGNED" [deny]="deny DENIED" [block]="block BLOCKED"
    [require_hitl]="require_hitl PENDING_HITL" [injection]="require_hitl PENDING_HITL")
for name in allow require_hitl deny block injection; do
    packet "$name" "$samples/$name/packet.json"
    is "$name: status" "$code" 201
    is "$name: outcome and state" "$(get '.decision.outcome + " " + .state')" "${wanted[$name]}"
    jws=$(get .jws)
    is "$name: what is signed says the same" \
        "$(claims "$jws" | jq -r '.decision.outcome + " " + .packet_id')" \
        "${wanted[$name]% *} $(get .packet_id)"
    is "$name: signed by both keys" "$(jq '.signatures | length' <<<"$jws")" 2
    has "$name: location" "${head,,}" "location: /v1/packets/$(get .packet_id)"
    [ "$name" != allow ] || { allowed=$(get .packet_id) && cp "$tmp/body" "$tmp/allow.first"; }
    [ "$name" != injection ] || injected=$(get .packet_id)
done
is "a suspected request's packet names no target" "$(claims "$jws" | jq -c .subject.target_ref)" null
call "$first/v1/packets/$injected"
hasnt "nor does its state" "$body" "$(jq -r .subject.target_ref "$samples/injection/packet.json")"
call "$first/v1/packets/$allowed"
is "the allowed packet can be read" "$code $(get '.state + " " + (.history | map(.state) | join(","))')" \
    "200 SIGNED RECEIVED,EVALUATING,SIGNED"

is "a crash would write no core" "$(grep 'Max core' /proc/$first_pid/limits | tr -s ' ' | cut -d' ' -f5,6)" "0 0"

# ---- Idempotency ----

packet allow "$samples/allow/packet.json"
is "the same key and body: the same status" "$code" 201
if cmp -s "$tmp/body" "$tmp/allow.first"; then ok "and the same bytes"; else bad "other bytes: $body"; fi
has "and it says so" "${head,,}" "idempotency-replayed: true"
packet allow "$samples/deny/packet.json"
problem "the same key with another body" 422 key_reused
call "$first/v1/packets" -H 'content-type: application/json' -d "@$samples/allow/packet.json"
problem "no key" 400 idempotency_key
for key in '""' '"a b"' '"a\"b"' "\"$(printf 'k%.0s' {1..200})\""; do
    call "$first/v1/packets" -H 'content-type: application/json' -H "idempotency-key: $key" \
        -d "@$samples/allow/packet.json"
    problem "the key ${key:0:12}" 400 idempotency_key
done
packet second "$samples/allow/packet.json"
problem "a second packet for the same subject" 409 duplicate_packet
has "names the first" "$head" "/v1/packets/$allowed"

# Twenty at once with one key: one decision.
before=$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json | grep -c '"type":"decision"')
other=$(jq -c '.subject.id = "emp:9000" | .context.hris.record.employee_id = "emp:9000"' \
    "$samples/allow/packet.json")
work=""
for i in $(seq 20); do
    curl -s -o "$tmp/race.$i" -w '%{http_code}\n' "$first/v1/packets" -H 'content-type: application/json' \
        -H 'idempotency-key: "race"' -d "$other" >"$tmp/race.$i.code" &
    work="$work $!"
done
wait $work
is "twenty at once with one key: only 201 and 409" \
    "$(cat "$tmp"/race.*.code | sort -u | tr '\n' ' ' | sed 's/409 //')" "201 "
is "one packet among them" "$(cat "$tmp"/race.[0-9] "$tmp"/race.[0-9][0-9] | jq -r '.packet_id // empty' |
    sort -u | wc -l)" 1
after=$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json | grep -c '"type":"decision"')
is "one decision" "$((after - before))" 1

# ---- Drain and restart ----

ends "$first_pid"
is "SIGTERM drains and ends with 0" "$status" 0
gatekeeper gk
call "$url/v1/packets/$allowed"
is "a restart keeps the packet" "$code $(get .state)" "200 SIGNED"
packet allow "$samples/allow/packet.json"
if cmp -s "$tmp/body" "$tmp/allow.first"; then ok "and the answer"; else bad "another answer: $body"; fi

# ---- kill -9 under load ----

load() { # load WORKER: requests until the service is gone; each acknowledged id in acked.WORKER
    local i
    for ((i = 0; i < 400; i++)); do
        jq -c ".subject.id = \"emp:$1-$i\"" "$samples/deny/packet.json" |
            curl -s --max-time 10 "$url/v1/packets" -H 'content-type: application/json' \
                -H "idempotency-key: \"load-$1-$i\"" --data-binary @- >"$tmp/load.$1" || return 0
        jq -r '.packet_id // empty' <"$tmp/load.$1" >>"$tmp/acked.$1"
    done
}
work=""
for i in 1 2 3 4; do
    load "$i" &
    work="$work $!"
done
sleep 2
kill -9 "$pid"
wait $work "$pid" 2>/dev/null
count=$(cat "$tmp"/acked.* | wc -l)
if [ "$count" -gt 0 ]; then ok "$count answers before the kill"; else bad "no answer before the kill"; fi
gatekeeper gk
lost=0
entered=$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json)
for id in $(cat "$tmp"/acked.*); do
    case $entered in *"$id"*) ;; *) lost=$((lost + 1)) ;; esac
done
is "every answer's entry is in the ledger" "$lost" 0
id=$(tail -n 1 "$tmp/acked.1")
call "$url/v1/packets/$id"
is "the last answer's packet is there" "$code $(get .packet_id)" "200 $id"
ends "$pid"
is "and it drains again" "$status" 0
said=$("$WRIT" ledger verify --data "$tmp/gk" 2>&1)
is "the ledger verifies" "$?" 0
has "and says so" "$said" "default: ok"
finish
