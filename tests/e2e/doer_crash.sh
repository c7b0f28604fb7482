#!/usr/bin/env bash
# The real gatekeeper, doer and directory: the allowed sample goes through both phases, once for each
# crash point of the doer, which is killed there and started again. The directory must show each
# effect once, the packet must end as COMPLETED (or REINSTATED), the ledger must verify.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
WRIT=${WRIT:-$here/build/release/writ}
WRIT=$(readlink -f "$WRIT")
here=$(readlink -f "$here")
tmp=$(mktemp -d /tmp/writ-e2e-XXXXXX)
pids=()
declare -A alive
failed=0

cleanup() {
    local p
    for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done
    rm -rf "$tmp"
}
trap cleanup EXIT

# start NAME COMMAND...: runs it and waits for its URL in the variable `url`; its id is `pid`.
start() {
    local name=$1 i
    shift
    : >"$tmp/$name.out"
    "$@" >"$tmp/$name.out" 2>>"$tmp/$name.err" &
    pid=$!
    pids+=("$pid")
    for ((i = 0; i < 200; i++)); do
        url=$(sed -n 's/^listening on //p' "$tmp/$name.out")
        [ -z "$url" ] || return 0
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

fail() {
    echo "FAIL $*" >&2
    failed=$((failed + 1))
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# one POINT WAY: WAY is hard or reinstate.
one() {
    local point=$1 way=$2 port dir_url dir_pid gk_url gk_pid doer_pid admin packet state i killed="" answer
    local window=1
    [ "$way" = hard ] || window=60
    rm -rf "$tmp/data"
    mkdir -m 700 "$tmp/data"
    port=$(free_port)
    start directory "$WRIT" directory --data "$tmp/data/dir" --listen 127.0.0.1:0 \
        --seed "$here/server/directory/seed.json" || { fail "$point: no directory"; return; }
    dir_url=$url dir_pid=$pid
    start gatekeeper "$WRIT" gatekeeper --data "$tmp/data/gk" --listen 127.0.0.1:0 \
        --policies "$here/policies" --window "$window" --doer "http://127.0.0.1:$port" ||
        { fail "$point: no gatekeeper"; return; }
    gk_url=$url gk_pid=$pid
    admin=$(cat "$tmp/data/dir/admin.token")
    run_doer() {
        start doer env WRIT_CRASH_AT="$1" "$WRIT" doer --data "$tmp/data/doer" \
            --listen "127.0.0.1:$port" --gatekeeper "$gk_url" --token-file "$tmp/data/gk/doer.token" \
            --directory "$dir_url" --broker-token-file "$tmp/data/dir/broker.token" \
            --window "$window" || return 1
        # The shell need not tell of a death that is wanted.
        [ -z "$1" ] || disown "$pid"
    }
    run_doer "$point" || { fail "$point: no doer"; return; }
    doer_pid=$pid
    packet=$(curl -s "$gk_url/v1/packets" -H 'content-type: application/json' \
        -H "idempotency-key: \"key-$point\"" -d "@$here/policies/samples/packets/allow/packet.json" |
        jq -r .packet_id)
    [ "$packet" != null ] || { fail "$point: no packet"; return; }
    local reinstated=""
    for ((i = 0; i < 300; i++)); do
        sleep 0.1
        if ! kill -0 "$doer_pid" 2>/dev/null; then
            if [ -n "$killed" ]; then
                fail "$point: the doer died twice"
                break
            fi
            killed=yes
            run_doer "" || { fail "$point: the doer does not start again"; break; }
            doer_pid=$pid
        fi
        answer=$(curl -s "$gk_url/v1/packets/$packet")
        state=$(jq -r .state <<<"$answer")
        case $state in
        HARD_SCHEDULED)
            if [ "$way" = reinstate ] && [ -z "$reinstated" ]; then
                reinstated=$(curl -s -o /dev/null -w '%{http_code}' \
                    "$gk_url/v1/packets/$packet:reinstate" -H 'content-type: application/json' \
                    -H "idempotency-key: \"back-$point-$i\"" \
                    -d '{"reason":"a mistake","requested_by":"hr:ines.falk"}')
                [ "$reinstated" = 202 ] || reinstated=""
            fi
            ;;
        COMPLETED | REINSTATED | MANUAL | DENIED | HELD) break ;;
        esac
    done
    sleep 0.2
    if ! kill -0 "$doer_pid" 2>/dev/null; then
        killed=yes
    fi
    local wanted=COMPLETED effects
    [ "$way" = hard ] || wanted=REINSTATED
    [ "$state" = "$wanted" ] || fail "$point: ends as $state: $answer $(tail -3 "$tmp/doer.err")"
    [ -n "$killed" ] || [ -z "$point" ] || fail "$point: was not passed"
    effects=$(curl -s -H "Authorization: Bearer $admin" "$dir_url/debug/effects" |
        jq -r '[.effects[].what] | sort | group_by(.) | map("\(.[0]):\(length)") | join(" ")')
    case $way in
    hard) [[ $effects =~ ^deactivated:1\ deleted:1\ (licences\ reclaimed:1\ )?sessions\ revoked:1$ ]] ||
        fail "$point: effects are $effects" ;;
    reinstate) [ "$effects" = "activated:1 deactivated:1 sessions revoked:1" ] ||
        fail "$point: effects are $effects" ;;
    esac
    for p in "$doer_pid" "$gk_pid" "$dir_pid"; do
        kill "$p" 2>/dev/null || true
        wait "$p" 2>/dev/null || { [ "$p" = "$doer_pid" ] && [ -n "$killed" ]; } ||
            fail "$point: a service ended with $?"
    done
    "$WRIT" ledger verify --data "$tmp/data/gk" >"$tmp/verify" 2>&1 ||
        fail "$point: $(cat "$tmp/verify")"
    echo "$way ${point:-(no kill)}: $state, $effects; $(cut -c1-60 "$tmp/verify")"
}

points=${POINTS:-$("$WRIT" doer --crash-points | cut -d' ' -f1)}
one "" hard
one "" reinstate
for point in $points; do
    case $point in
    doer.after_reinstate | doer.before_compare) one "$point" reinstate ;;
    *) one "$point" hard ;;
    esac
done
exit $((failed > 0))
