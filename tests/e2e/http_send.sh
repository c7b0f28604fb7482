#!/usr/bin/env bash
# http.send against a server on the loopback address: each case's answer or error is OPA's.
# `http_send.sh --write PROGRAM` writes what another program (a real opa) answers.
set -uo pipefail
export LC_ALL=C
here=$(dirname "$(readlink -f "$0")")
command -v python3 >/dev/null && command -v openssl >/dev/null && command -v jq >/dev/null || {
    echo "python3, openssl or jq is missing"
    exit 77
}
program=${WRIT:-}
[ "${1:-}" != --write ] || program=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/e2e-XXXXXX") || exit 1
trap 'exec 3>&- 2>/dev/null; rm -rf "$tmp"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=server \
    -addext 'subjectAltName=IP:127.0.0.1,DNS:named.example' -keyout "$tmp/key.pem" -out "$tmp/cert.pem" \
    2>"$tmp/openssl.err" || {
    cat "$tmp/openssl.err"
    exit 1
}
CA=$(cat "$tmp/cert.pem") KEY=$(cat "$tmp/key.pem")
export CA KEY
mkfifo "$tmp/in" "$tmp/out"
python3 "$here/http_send_server.py" "$tmp" <"$tmp/in" >"$tmp/out" 2>"$tmp/server.err" &
exec 3>"$tmp/in"
read -r plain tls mutual <"$tmp/out" || {
    cat "$tmp/server.err"
    exit 1
}
cat >"$tmp/keep.rego" <<'REGO'
package keep

answer(response) := object.remove(response, ["headers"])

send(request) := http.send(request)
REGO
answers=$here/http_send_answers.txt
said=$tmp/said
: >"$said"
while IFS= read -r line; do
    [[ $line == '#'* || -z $line ]] && continue
    query=${line#*: }
    query=${query//keep(/data.keep.answer(}
    query=${query//PORT/$plain}
    query=${query//TLS/$tls}
    query=${query//MUTUAL/$mutual}
    query=${query//DIRX/${tmp//\//%2F}}
    query=${query//DIR/$tmp}
    "$program" eval --strict-builtin-errors -d "$tmp/keep.rego" "$query" >"$tmp/one" 2>/dev/null
    printf '%s: %s\n' "${line%%: *}" "$(jq -cS 'if .errors then (.errors[0] | [.code, .message])
        elif .result then .result[0].expressions[0].value else "undefined" end' <"$tmp/one" |
        sed "s#$tmp#DIR#g; s#:$plain/#:PORT/#g; s#:$tls/#:TLS/#g; s#:$mutual/#:MUTUAL/#g; s#127.0.0.1:[0-9]*->#HERE->#g; s#:$plain#:PORT#g")" >>"$said"
done <"$here/http_send_cases.txt"
if [ "${1:-}" = --write ]; then
    cp "$said" "$answers"
    exit 0
fi
diff "$answers" "$said"
