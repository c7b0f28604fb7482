#!/usr/bin/env bash
# The command `keys`: create, rotate, revoke, export, import; bad input to each option; what a running service
# makes of a rotation and a revocation.
. "$WRIT_SOURCE/tests/e2e/service.bash"

run() { # run STATUS ARGUMENT...: what it says is in $out and $err
    local want=$1 got
    shift
    "$WRIT" keys "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    out=$(cat "$tmp/out") err=$(cat "$tmp/err")
    is "keys ${*//$tmp/DIR}" "$got" "$want"
}
wrong() { # as run, and it says why, by its name, on the error output
    run "$@"
    has "  and says why" "$err" "writ keys"
}
d=$tmp/keys

# ---- Making and listing ----

run 0 create --data "$d" --tenant acme --alg HS256
has "the first key" "$out" "created acme/decision/1 (HS256)"
run 0 create --data "$d" --tenant acme --alg Ed25519
wrong 1 create --data "$d" --tenant acme --purpose checkpoint
has "  there is one, made for the ledger" "$err" rotate
is "the master key is the owner's alone" "$(stat -c %a "$d/master.key")" 600
is "the folder too" "$(stat -c %a "$d")" 700
run 0 list --data "$d" --tenant acme --json
is "three active keys" "$(grep decision <<<"$out" | jq -r .state | sort | uniq -c | tr -s ' ')" " 2 active"
hasnt "no secret in the list" "$out" secret
run 0 list --data "$d" --tenant acme --purpose decision
has "as text" "$out" "acme/decision/2"

# ---- Exporting ----

run 0 export-public --data "$d" --tenant acme
cp "$tmp/out" "$tmp/acme.jwks"
is "Ed25519 alone" "$(jq -r '[.keys[] | .crv] | unique | join(",")' <<<"$out")" Ed25519
is "public parts alone" "$(jq '[.keys[] | has("d") or has("k")] | any' <<<"$out")" false
run 0 export-public --data "$d" --kid acme/decision/2
has "PEM" "$out" "BEGIN PUBLIC KEY"
cp "$tmp/out" "$tmp/acme.pem"
openssl pkey -pubin -in "$tmp/acme.pem" -noout 2>"$tmp/err"
is "openssl reads it" "$?" 0
wrong 1 export-public --data "$d" --kid acme/decision/1
wrong 1 export-public --data "$d" --kid acme/decision/99
wrong 2 export-public --data "$d"

# ---- Rotating and revoking ----

run 0 rotate --data "$d" --tenant acme
run 0 list --data "$d" --tenant acme --purpose decision --json
is "two active, two previous" "$(jq -r .state <<<"$out" | sort | uniq -c | tr -s ' \n' ' ')" " 2 active 2 previous "
run 0 revoke --data "$d" --kid acme/decision/1 --reason "leaked in a mail"
run 0 list --data "$d" --tenant acme --purpose decision --json
is "one is revoked" "$(jq -r 'select(.state == "revoked") | .kid' <<<"$out")" acme/decision/1
wrong 1 revoke --data "$d" --kid acme/decision/77
wrong 2 revoke --data "$d"
wrong 1 revoke --data "$d" --kid nonsense/../../x
wrong 2 revoke --data "$d" --kid ../../x
wrong 2 revoke --data "$d" --kid ''
wrong 1 rotate --data "$d" --tenant nobody
events=$("$WRIT" ledger show --data "$d" --tenant acme --json | jq -r .type | grep '^key\.' | sort | uniq -c | tr -s ' \n' ' ')
has "the ledger has what was made" "$events" "key.created"
has "and revoked" "$events" "1 key.revoked"
has "with its reason" "$("$WRIT" ledger show --data "$d" --tenant acme)" "leaked in a mail"

# ---- Importing ----

i=$tmp/imported
run 0 import --data "$i" --tenant acme --format jwk "$tmp/acme.jwks"
run 0 import --data "$i" --tenant beta --format pem --kid beta/decision/7 "$tmp/acme.pem"
openssl rand 32 >"$tmp/raw"
openssl rand -hex 32 >"$tmp/hex"
openssl rand -base64 32 >"$tmp/b64"
run 0 import --data "$i" --tenant raw --alg HS256 --format raw "$tmp/raw"
run 0 import --data "$i" --tenant hex --alg HS256 --format hex "$tmp/hex"
run 0 import --data "$i" --tenant b64 --alg HS256 "$tmp/b64"
"$WRIT" keys import --data "$i" --tenant pipe --alg HS256 --format hex - <"$tmp/hex" >"$tmp/out" 2>&1
is "from the input" "$?" 0
openssl genpkey -algorithm ed25519 -out "$tmp/ed.pem" 2>"$tmp/err"
run 0 import --data "$i" --tenant ed --format pem "$tmp/ed.pem"
is "its public half is openssl's" "$("$WRIT" keys export-public --data "$i" --kid ed/decision/1)" \
    "$(openssl pkey -in "$tmp/ed.pem" -pubout)"
if grep -rqaF "$(cat "$tmp/raw" | tr -d '\000\n' | head -c 12)" "$i" 2>"$tmp/err"; then
    bad "the imported secret lies on the disk"
else
    ok "the imported secret does not lie on the disk"
fi

openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out "$tmp/rsa.pem" 2>"$tmp/err"
openssl pkey -in "$tmp/ed.pem" -aes128 -passout pass:x -out "$tmp/locked.pem" 2>"$tmp/err"
: >"$tmp/empty"
printf 'short' >"$tmp/small"
head -c 32 /dev/zero >"$tmp/zeros"
head -c 70000 /dev/urandom >"$tmp/large"
echo '{"keys":[' >"$tmp/broken.jwk"
echo '{"kty":"oct","k":"!!!"}' >"$tmp/bad.jwk"
echo '{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"acme/decision/5"}' >"$tmp/shortx.jwk"
jq '.keys[0].kid = "other/decision/1" | .keys |= .[0:1]' "$tmp/acme.jwks" >"$tmp/foreign.jwk"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format raw "$tmp/empty"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format raw "$tmp/small"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format raw "$tmp/zeros"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format raw "$tmp/large"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format hex "$tmp/b64"
wrong 1 import --data "$i" --tenant acme --alg HS256 --format base64 "$tmp/raw"
wrong 1 import --data "$i" --tenant acme --format pem "$tmp/rsa.pem"
wrong 1 import --data "$i" --tenant acme --format pem "$tmp/locked.pem"
wrong 1 import --data "$i" --tenant acme --format pem "$tmp/raw"
wrong 1 import --data "$i" --tenant acme --format jwk "$tmp/broken.jwk"
wrong 1 import --data "$i" --tenant acme --format jwk "$tmp/bad.jwk"
wrong 1 import --data "$i" --tenant acme --format jwk "$tmp/shortx.jwk"
wrong 1 import --data "$i" --tenant acme --format jwk "$tmp/foreign.jwk"
wrong 1 import --data "$i" --tenant acme --format pem --kid other/decision/1 "$tmp/acme.pem"
wrong 1 import --data "$i" --tenant acme --format pem "$tmp/nowhere"
wrong 1 import --data "$i" --tenant acme --format pem "$tmp"
wrong 2 import --data "$i" --tenant acme --format morse "$tmp/raw"
wrong 2 import --data "$i" --tenant acme

# ---- Options ----

wrong 2
wrong 2 frobnicate --data "$d"
wrong 2 create
wrong 2 create --data "$d"
wrong 2 create --data "$d" --tenant ''
wrong 2 create --data "$d" --tenant ../up
wrong 2 create --data "$d" --tenant 'a b'
wrong 2 create --data "$d" --tenant "$(printf 'a%.0s' {1..300})"
wrong 2 create --data "$d" --tenant acme --alg RS256
wrong 2 create --data "$d" --tenant acme --alg none
wrong 2 create --data "$d" --tenant acme --alg
wrong 1 create --data "$d" --tenant acme --purpose cooking
wrong 1 create --data "$d" --tenant acme --purpose link --alg Ed25519
wrong 2 create --data "$d" --tenant acme more
wrong 2 create --data "$d" --tenant acme --unknown
wrong 1 create --data /proc/nowhere --tenant acme
wrong 1 list --data "$tmp/nowhere" --tenant acme
if [ -e "$tmp/nowhere" ]; then bad "list makes a folder"; else ok "list makes no folder"; fi
chmod 644 "$d/master.key"
wrong 1 create --data "$d" --tenant acme --purpose webhook
has "  names the file" "$err" master.key
chmod 600 "$d/master.key"
mv "$d/master.key" "$tmp/kept"
wrong 1 rotate --data "$d" --tenant acme
if [ -e "$d/master.key" ]; then bad "another master key is made"; else ok "no other master key is made"; fi
openssl rand 32 >"$d/master.key"
wrong 1 rotate --data "$d" --tenant acme
mv "$tmp/kept" "$d/master.key"
run 0 rotate --data "$d" --tenant acme

# ---- A service that runs meanwhile ----

gatekeeper gk
packet before "$samples/deny/packet.json"
# The kid of the Ed25519 signature; nothing in the compact form, which the shared key alone signs.
kid_of() {
    jq -r '.signatures[].protected' <<<"$(get .jws)" 2>/dev/null | while read -r p; do
        claims "x.$p" | jq -r 'select(.alg == "Ed25519") | .kid'
    done
}
first=$(kid_of)
run 0 rotate --data "$tmp/gk" --tenant default --alg Ed25519
has "the running service enters it" "$err" "will enter"
packet after "$(jq -c '.subject.id = "emp:2"' "$samples/deny/packet.json")"
second=$(kid_of)
if [ -n "$second" ] && [ "$first" != "$second" ]; then ok "the next packet is signed by the new key"; else bad "key $first, then $second"; fi
call "$url/v1/keys/jwks"
is "the old one verifies for a while" "$(get ".keys[] | select(.kid == \"$first\") | .writ_state")" previous
run 0 revoke --data "$tmp/gk" --kid "$second"
packet revoked "$(jq -c '.subject.id = "emp:3"' "$samples/deny/packet.json")"
is "a revoked key signs nothing: the shared key is left" "$code $(kid_of)" "201 "
for i in $(seq 30); do
    said=$("$WRIT" ledger show --data "$tmp/gk" --tenant default --json | jq -r .type)
    if [[ $said == *key.revoked* ]]; then break; fi
    sleep 0.2
done
has "the rotation is in its ledger" "$said" key.rotated
has "and the revocation" "$said" key.revoked
ends "$pid"
is "SIGTERM ends it with 0" "$status" 0
"$WRIT" ledger verify --data "$tmp/gk" >"$tmp/out" 2>&1
is "the ledger verifies" "$?" 0

# ---- Beside a gatekeeper that has a name of its own ----

printf 'instance: eu1\n' >"$tmp/named.yaml"
gatekeeper named --config "$tmp/named.yaml"
ends "$pid"
run 0 rotate --data "$tmp/named" --tenant default
is "  and says nothing else" "$err" ""
has "  the entry is there" "$("$WRIT" ledger show --data "$tmp/named" --tenant default)" key.rotated
gatekeeper named --config "$tmp/named.yaml"
ends "$pid"
is "and the gatekeeper goes on" "$status" 0
finish
