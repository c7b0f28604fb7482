#!/usr/bin/env bash
# Approvals by their link: looking never consumes, one word counts, the wrong people are refused, time ends it.
. "$WRIT_SOURCE/tests/e2e/service.bash"

approvers gk
gatekeeper gk
main=$url main_pid=$pid

# asked NAME NUMBER: sends the request that needs a human, about another person each time
asked() {
    jq -c ".subject.id = \"emp:$2\" | .subject.target_ref = \"p$2@example.com\" |
        .context.subject.email = \"p$2@example.com\" | .context.hris.record.employee_id = \"emp:$2\"" \
        "$samples/require_hitl/packet.json" >"$tmp/asked.json"
    packet "asked-$2" "$tmp/asked.json"
    is "$1: waits for a human" "$code $(get .state)" "201 PENDING_HITL"
    id=$(get .packet_id)
    link=$(jq -r "select(.packet_id == \"$id\") | .link" "$tmp/${3:-gk}/approval-links.ndjson")
    digest=$(get .approval.digest)
    approval=$(get .approval.id)
}
# review WHO CODE DECISION [CURL-ARGUMENT...]: the form of the page
review() {
    local who=$1 secret=$2 decision=$3
    shift 3
    call "$link" --data-urlencode "approver=$who" --data-urlencode "code=$secret" \
        --data-urlencode "digest=$digest" -d "decision=$decision" "$@"
}
state_of() {
    call "$url/v1/packets/$id"
    get .state
}
entries() { # entries TYPE: how many of it the ledger has
    "$WRIT" ledger show --data "$tmp/gk" --tenant default --json | grep -c "\"type\":\"$1\""
}

# ---- Looking ----

asked "a request" 7001
for i in 1 2 3; do
    call "$link"
    is "looking $i" "$code" 200
done
has "the page shows the account" "$body" "p7001@example.com"
has "the page shows the digest" "$body" "$digest"
has "no script, no foreign content" "${head,,}" "content-security-policy: default-src 'none'"
has "nothing is kept" "${head,,}" "cache-control: no-store"
has "the link is told to nobody" "${head,,}" "referrer-policy: no-referrer"
call -I "$link"
is "HEAD" "$code" 200
is "looking consumed nothing" "$(state_of)" PENDING_HITL
call "$url/v1/packets/$id"
is "what is shown is what was signed" \
    "sha256:$(claims "$(get .jws)" | sha256sum | cut -d' ' -f1)" "$digest"

# ---- Who may not ----

review hr:ines.falk third-horse approve
is "the requester" "$code" 403
review "HR:Ines.Falk" third-horse approve
is "the requester in capitals" "$code" 401
review it:otto.lang fourth-horse approve
is "of another group" "$code" 403
review sec:nora.beck wrong-horse approve
is "a wrong code" "$code" 401
review sec:nobody correct-horse approve
is "nobody" "$code" 401
digest_kept=$digest digest=sha256:$(printf '0%.0s' {1..64})
review sec:nora.beck correct-horse approve
is "another digest" "$code" 409
digest=$digest_kept
review sec:nora.beck correct-horse maybe
is "a third way" "$code" 400
call "$link" -d "decision=approve&decision=reject&approver=sec%3Anora.beck&code=correct-horse&digest=$digest"
is "a field twice" "$code" 400
call "$link" -d "decision=approve&approver=sec%3Anora.beck%00x&code=correct-horse&digest=$digest"
is "NUL in a field" "$code" 400
call "$link" -d "decision=approve&approver=%zz&code=correct-horse&digest=$digest"
is "bad percent signs" "$code" 400
call "$link" -H 'content-type: application/json' -d '{}'
is "no form" "$code" 415
call "$link" -X PUT -d x
is "another method" "$code" 405
call "${link}x"
is "a longer token" "$code" 404
call "${link%?}"
is "a shorter token" "$code" 404
call "$url/a/x"
is "no token" "$code" 404
hasnt "a page does not say back what came in" "$body" "/a/x"
is "it still waits" "$(state_of)" PENDING_HITL

# ---- Once ----

review sec:nora.beck correct-horse approve --data-urlencode "reason=last day was <b>Friday</b>"
is "approved" "$code" 200
is "the packet is signed" "$(state_of)" SIGNED
call "$url/v1/packets/$id"
is "and allowed" "$(get .decision.outcome)" allow
review sec:omar.diaz second-horse reject
is "a second word" "$code" 409
has "is told who was first" "$body" "sec:nora.beck"
is "and changes nothing" "$(state_of)" SIGNED
is "one approval in the ledger" "$(entries approval.approved)" 1
has "with its reason" "$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json | grep approval.approved)" \
    "<b>Friday</b>"

asked "two at once" 7002
work=""
for i in 1 2 3 4 5 6; do
    if [ $((i % 2)) -eq 0 ]; then who=sec:nora.beck secret=correct-horse; else who=sec:omar.diaz secret=second-horse; fi
    curl -s -o /dev/null -w '%{http_code}\n' "$link" --data-urlencode "approver=$who" \
        --data-urlencode "code=$secret" --data-urlencode "digest=$digest" -d decision=approve >"$tmp/at.$i" &
    work="$work $!"
done
wait $work
is "six at once: one counts" "$(cat "$tmp"/at.* | sort | uniq -c | tr -s ' \n' ' ')" " 1 200 5 409 "

asked "rejected" 7003
review sec:nora.beck correct-horse reject
is "a reject" "$code" 200
is "ends it" "$(state_of)" REJECTED

asked "by JSON" 7004
call "$url/v1/approvals/$approval:review" -H 'content-type: application/json' -d "{\"decision\":\"approve\",
    \"approver\":\"sec:nora.beck\",\"code\":\"correct-horse\",\"digest\":\"$digest\",\"more\":1}"
problem "unknown members" 400 invalid_review
call "$url/v1/approvals/$approval:review" -H 'content-type: application/json' -d "{\"decision\":\"approve\",
    \"approver\":\"hr:ines.falk\",\"code\":\"third-horse\",\"digest\":\"$digest\"}"
problem "the requester by JSON" 403 self_approval
call "$url/v1/approvals/$approval:review" -H 'content-type: application/json' -d "{\"decision\":\"approve\",
    \"approver\":\"sec:nora.beck\",\"code\":\"correct-horse\",\"digest\":\"$digest\"}"
is "approved by JSON" "$code $(get .packet_state)" "200 SIGNED"

asked "cancelled" 7005
call "$url/v1/packets/$id:cancel" -H 'content-type: application/json' -d '{"reason":"no"}'
is "cancelled" "$code $(get .state)" "200 CANCELLED"
review sec:nora.beck correct-horse approve
is "then nobody approves it" "$code" 409
is "and it stays" "$(state_of)" CANCELLED

# ---- HTML ----

jq -c '.subject.id = "emp:7006" | .requested_by = "hr:<script>alert(1)</script>" |
    .subject.target_ref = "a\"onx=\u0027&lt;@example.com" | .context.hris.record.employee_id = "emp:7006"' \
    "$samples/require_hitl/packet.json" >"$tmp/html.json"
packet html "$tmp/html.json"
if [ "$(get .state)" = PENDING_HITL ]; then
    link=$(tail -n 1 "$tmp/gk/approval-links.ndjson" | jq -r .link)
    call "$link"
    hasnt "markup from outside is text on the page" "$body" "<script"
    hasnt "quotes too" "$body" 'a"onx'
else
    is "markup in a request is no allow" "$(get '.decision.outcome != "allow"')" true
fi

# ---- A restart ----

asked "over a restart" 7007
ends "$main_pid"
is "SIGTERM ends it with 0" "$status" 0
gatekeeper gk --public-url "https://approve.example"
main_pid=$pid
link=$url/a/${link##*/}
call "$link"
is "the link lives on" "$code" 200
review sec:omar.diaz second-horse approve
is "and can be used" "$code $(state_of)" "200 SIGNED"
ends "$main_pid"

# ---- Time ----

approvers short
printf 'approval_seconds: 2\n' >"$tmp/short.yaml"
gatekeeper short --config "$tmp/short.yaml"
asked "for two seconds" 7008 short
sleep 2.1
review sec:nora.beck correct-horse approve
is "too late" "$code" 409
for i in $(seq 30); do
    [ "$(state_of)" != EXPIRED ] || break
    sleep 0.2
done
is "expired" "$(state_of)" EXPIRED
has "and the ledger says so" "$("$WRIT" ledger show --data "$tmp/short" --tenant default)" approval.expired
ends "$pid"
said=$("$WRIT" ledger verify --data "$tmp/gk" 2>&1)
is "the ledger verifies" "$?" 0
finish
