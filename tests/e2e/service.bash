# Sourced by the scripts that drive services: starts and stops them, compares, counts.
# Each line of their output is "ok WHAT" or "FAIL WHAT: ..."; `finish` gives the status.
set -uo pipefail
umask 077
export LC_ALL=C
for tool in curl jq openssl; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing"
        exit 77
    }
done
WRIT=$(readlink -f "$WRIT")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/e2e-XXXXXX") || exit 1
samples=$WRIT_SOURCE/policies/samples/packets
bad=0
pids=""

stop_everything() {
    local p
    for p in $pids; do kill -9 "$p" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$tmp"
}
trap stop_everything EXIT
trap 'exit 130' INT TERM

ok() { echo "ok $1"; }
bad() {
    bad=$((bad + 1))
    echo "FAIL $1"
}
# is WHAT GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: '${2:0:600}', not '${3:0:300}'"; fi; }
# has WHAT TEXT PART
has() { if [[ $2 == *"$3"* ]]; then ok "$1"; else bad "$1: no '$3' in '${2:0:600}'"; fi; }
# hasnt WHAT TEXT PART
hasnt() { if [[ $2 == *"$3"* ]]; then bad "$1: '$3' stands in it"; else ok "$1"; fi; }
finish() {
    [ "$bad" -eq 0 ] || exit 1
    exit 0
}

# start NAME ARGUMENT...: `writ ARGUMENT...` until it says where; leaves $url and $pid.
start() {
    local name=$1 i
    shift
    : >"$tmp/$name.out"
    "$WRIT" "$@" >"$tmp/$name.out" 2>>"$tmp/$name.err" </dev/null &
    pid=$!
    pids="$pids $pid"
    for ((i = 0; i < 300; i++)); do
        url=$(sed -n 's/^listening on //p' "$tmp/$name.out")
        [ -z "$url" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    bad "$name starts: $(tail -n 5 "$tmp/$name.err")"
    exit 1
}

# gatekeeper NAME ARGUMENT...: with its data in $tmp/NAME
gatekeeper() {
    local name=$1
    shift
    start "$name" gatekeeper --data "$tmp/$name" --listen 127.0.0.1:0 \
        --policies "$WRIT_SOURCE/policies" "$@"
}

# approvers NAME: who may approve at the gatekeeper NAME, which is not started yet
approvers() {
    mkdir -p "$tmp/$1"
    cat >"$tmp/$1/approvers.json" <<'JSON'
{"approvers": [{"id": "sec:nora.beck", "code": "correct-horse", "groups": ["security"]},
               {"id": "sec:omar.diaz", "code": "second-horse", "groups": ["security"]},
               {"id": "hr:ines.falk", "code": "third-horse", "groups": ["security"]},
               {"id": "it:otto.lang", "code": "fourth-horse", "groups": ["helpdesk"]}]}
JSON
}

# ends PID: by SIGTERM; leaves the status in $status
ends() {
    kill -TERM "$1"
    wait "$1"
    status=$?
}

# call CURL-ARGUMENT...: leaves $code, $body and $head (the answer's headers)
call() {
    code=$(curl -sS --max-time 30 -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' "$@" \
        2>"$tmp/curl.err") || code="curl: $(cat "$tmp/curl.err")"
    body=$(tr -d '\000' <"$tmp/body" 2>/dev/null)
    head=$(tr -d '\r' <"$tmp/head" 2>/dev/null)
}
get() { jq -r "$1" <<<"$body" 2>/dev/null; }

# packet KEY FILE-OR-JSON [CURL-ARGUMENT...]: sends a request
packet() {
    local key=$1 what=$2
    shift 2
    [ ! -f "$what" ] || what=@$what
    call "$url/v1/packets" -H 'content-type: application/json' -H "idempotency-key: \"$key\"" \
        --data-binary "$what" "$@"
}

# problem WHAT STATUS CODE: the last answer is that problem document
problem() {
    is "$1" "$code $(get '.status') $(get .code)" "$2 $2 $3"
    has "$1: media type" "${head,,}" "content-type: application/problem+json"
}

# claims JWS: the payload of signed bytes
claims() {
    local b64
    if [[ $1 == {* ]]; then b64=$(jq -r .payload <<<"$1"); else b64=$(cut -d. -f2 <<<"$1"); fi
    b64=$(tr '_-' '/+' <<<"$b64")
    while [ $((${#b64} % 4)) -ne 0 ]; do b64="$b64="; done
    base64 -d <<<"$b64"
}
