#!/usr/bin/env bash
# The gatekeeper over HTTP/1.1, HTTP/2 in the clear and over TLS, and what every door answers to bad input.
. "$WRIT_SOURCE/tests/e2e/service.bash"
command -v nghttp >/dev/null || {
    echo "nghttp is missing"
    exit 77
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' -keyout "$tmp/key.pem" -out "$tmp/cert.pem" \
    2>"$tmp/openssl.err" || {
    bad "a certificate: $(cat "$tmp/openssl.err")"
    finish
}
gatekeeper tls --tls-cert "$tmp/cert.pem" --tls-key "$tmp/key.pem"
secure=$url secure_pid=$pid
gatekeeper gk
plain=$url plain_pid=$pid

# ---- Three ways to say the same ----

url=$plain
one=$samples/deny/packet.json
send() { # send WHAT VERSION CURL-ARGUMENT...
    local what=$1 version=$2
    shift 2
    packet "$what" "$one" "$@"
    is "$what: status and outcome" "$code $(get .decision.outcome)" "201 deny"
    has "$what: version" "$head" "HTTP/$version 201"
}
send h1 1.1 --http1.1
send h2c 2 --http2-prior-knowledge
call "$plain/livez" --http2
is "an offer to upgrade does not hurt" "$code" 200
url=$secure
has "TLS" "$secure" "https://"
send h1-tls 1.1 --http1.1 --cacert "$tmp/cert.pem"
send h2-tls 2 --http2 --cacert "$tmp/cert.pem"
said=$(openssl s_client -connect "${secure#https://}" -alpn h2 -CAfile "$tmp/cert.pem" -verify_return_error \
    </dev/null 2>&1)
has "ALPN picks h2" "$said" "ALPN protocol: h2"
has "the certificate verifies" "$said" "Verify return code: 0"
said=$(openssl s_client -connect "${secure#https://}" -tls1_1 -CAfile "$tmp/cert.pem" </dev/null 2>&1)
hasnt "TLS 1.1 is refused" "$said" "Cipher is ECDHE"
call "http://${secure#https://}/livez"
hasnt "plain HTTP at the TLS door gets no answer" "$code" 200
url=$plain

said=$(nghttp -nv "$plain/livez" 2>&1)
has "nghttp: h2c" "$said" ":status: 200"
said=$(nghttp -v -H 'content-type: application/json' -H 'idempotency-key: "nghttp"' -d "$one" \
    "$plain/v1/packets" 2>&1)
has "nghttp: a packet" "$said" ":status: 201"
has "nghttp: its answer" "$said" '"outcome":"deny"'
said=$(nghttp -nv -m 40 "$plain/readyz" 2>&1)
is "nghttp: forty streams on one connection" "$(grep -c ':status: 200' <<<"$said")" 40
said=$(nghttp -nv "$secure/livez" 2>&1)
has "nghttp: TLS" "$said" ":status: 200"

# ---- Problem documents ----

problem_of() { # problem_of WHAT STATUS CODE BODY: of a request with this body
    printf '%s' "$4" >"$tmp/request"
    packet "bad-${1// /-}" "$tmp/request"
    problem "$1" "$2" "$3"
}
problem_of "no body" 400 invalid_request ''
problem_of "no JSON" 400 invalid_request '{"kind": '
problem_of "something behind the JSON" 400 invalid_request '{"kind":"offboard"} x'
problem_of "no object" 400 invalid_request '[1]'
problem_of "a member twice" 400 invalid_request '{"kind":"offboard","kind":"offboard"}'
problem_of "bytes that are no UTF-8" 400 invalid_request $'{"kind":"\xff\xfe"}'
problem_of "NUL in a text" 400 invalid_request '{"kind":"off\u0000board","requested_by":"a"}'
problem_of "a number that is too large" 400 invalid_request '{"kind":"offboard","context":{"a":1e999}}'
deep=$(printf '[%.0s' {1..5000})
problem_of "deep nesting" 400 invalid_request "{\"kind\":\"offboard\",\"context\":{\"a\":$deep"
problem_of "wrong types" 400 invalid_request '{"kind":7,"subject":"x","requested_by":["a"],"context":3}'
has "and it points at them" "$(get '[.errors[].pointer] | sort | join(" ")')" "/kind"
is "with a pointer each" "$(get '[.errors[].pointer | startswith("/")] | all')" true
jq -c '.extra = 1 | .subject.more = 2 | .context.other = 3' "$samples/allow/packet.json" >"$tmp/unknown"
packet bad-unknown "$tmp/unknown"
problem "unknown members" 400 invalid_request
has "are named" "$(get '[.errors[].pointer] | join(" ")')" "/extra"
head -c 300000 /dev/zero | tr '\0' ' ' >"$tmp/huge"
packet bad-huge "$tmp/huge"
is "a huge body" "$code $(get .status)" "413 413"
packet bad-huge2 "$tmp/huge" --http2-prior-knowledge
is "a huge body over HTTP/2" "$code $(get .status)" "413 413"
packet bad-chunked "$tmp/huge" -H 'transfer-encoding: chunked' -H 'content-length;'
hasnt "a huge body in chunks is not taken" "$code" 201
call "$plain/v1/packets" -H 'content-type: text/plain' -H 'idempotency-key: "t"' -d "@$one"
problem "another content type" 415 media_type
call "$plain/v1/packets" -X DELETE
is "a wrong method" "$code $(get .status)" "405 405"
has "with what is allowed" "${head,,}" "allow: "
call "$plain/v1/nothing"
problem "an unknown path" 404 not_found
call "$plain/v1/packets/not-an-id"
problem "no id" 404 not_found
call "$plain/v1/packets/019a0000-0000-7000-8000-000000000000"
problem "an unknown id" 404 not_found
call --path-as-is "$plain/v1/packets/../../etc/passwd"
is "a path with dots" "$code" 404
call --path-as-is "$plain/v1/packets/%2e%2e%2f%2e%2e%2fstate.db"
is "the same, encoded" "$code" 404
for token in '' 'Bearer x' "Bearer $(printf '0%.0s' {1..64})" 'Basic eDp5'; do
    call "$plain/v1/ledger/entries" -H 'content-type: application/json' -H "authorization: $token" \
        -d '{"type":"exec.intent","tenant":"default","body":{}}'
    problem "the ledger's door to '${token:0:10}'" 401 unauthorized
    has "asks for a bearer" "${head,,}" "www-authenticate: bearer"
done
doer="authorization: Bearer $(cat "$tmp/gk/doer.token")"
call "$plain/v1/ledger/entries" -H 'content-type: application/json' -H "$doer" \
    -d '{"type":"decision","tenant":"default","body":{}}'
problem "a doer enters no decision" 400 invalid_entry
call "$plain/v1/ledger/entries" -H 'content-type: application/json' -H "$doer" \
    -d '{"type":"exec.intent","tenant":"../other","body":{}}'
problem "nor for another tenant" 400 invalid_entry
call "$plain/v1/ledger/entries" -H 'content-type: application/json' -H "$doer" \
    -d '{"type":"exec.intent","tenant":"default","body":{"n":1}}'
is "but its own" "$code $(get '.index > 0')" "201 true"
call "$plain/livez" -H $'x-request-id: not a uuid'
rid=$(sed -n 's/^x-request-id: //Ip' <<<"$head")
if [[ $rid =~ ^[0-9a-f-]{36}$ ]]; then ok "a bad request id is replaced"; else bad "request id '$rid'"; fi
call "$plain/livez" -H 'x-request-id: 019a0000-0000-7000-8000-00000000abcd'
has "a good one comes back" "${head,,}" "x-request-id: 019a0000-0000-7000-8000-00000000abcd"

# ---- Bytes that are no HTTP ----

raw() { # raw BYTES: what the plain door says to them
    exec 3<>"/dev/tcp/127.0.0.1/${plain##*:}"
    printf '%b' "$1" >&3
    timeout 5 cat <&3 | head -c 2000 | tr -d '\000'
    exec 3>&-
}
has "two lengths" "$(raw 'POST /v1/packets HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx')" " 400 "
has "length and coding" "$(raw 'POST /v1/packets HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')" " 400 "
has "bare line feeds" "$(raw 'GET /livez HTTP/1.1\nHost: a\n\n')" " 400 "
has "a folded header" "$(raw 'GET /livez HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n')" " 400 "
has "no host" "$(raw 'GET /livez HTTP/1.1\r\n\r\n')" " 400 "
hasnt "noise" "$(raw '\001\002\003\004\r\n\r\n')" " 200 "
hasnt "a broken HTTP/2 preface" "$(raw 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')" " 200 "

# ---- OPA's data API ----

call "$plain/v1/data/gatekeeper/decision" -H 'content-type: application/json' -d '{"input":{}}'
is "a decision by OPA's API denies what it does not know" "$code $(get .result.outcome)" "200 deny"
call "$plain/v1/data/no/such/path" -H 'content-type: application/json' -d '{"input":{}}'
is "undefined has no result" "$code $(get 'has("result")')" "200 false"
call "$plain/v1/data/gatekeeper/decision"
is "GET" "$code $(get .result.outcome)" "200 deny"
call "$plain/v1/data/gatekeeper/decision" -H 'content-type: application/json' -d '{"input":'
is "bad JSON in OPA's shape" "$code $(get .code)" "400 invalid_parameter"
call "$plain/health"
is "health" "$code $body" "200 {}"
call "$plain/v1/keys/jwks"
is "public keys only" "$code $(get '[.keys[] | .kty] | unique | join(",")')" "200 OKP"
hasnt "no private part" "$body" '"d":'
hasnt "no shared secret" "$body" '"k":'

# ---- The end ----

ends "$plain_pid"
is "SIGTERM ends it with 0" "$status" 0
ends "$secure_pid"
is "and the one with TLS" "$status" 0
finish
