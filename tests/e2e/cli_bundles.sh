#!/usr/bin/env bash
# writ build; plans in bundles, ours and OPA's; bundles that mean harm.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
writ=${WRIT:?}

# ---- building ----

mkdir -p "$tmp/p/d"
cat >"$tmp/p/a.rego" <<'END'
package a.b
p if   input.x
# METADATA
# entrypoint: true
e := data.d.z
f(x) := x
q if p
END
echo '{"z": "<1>"}' >"$tmp/p/d/data.json"
echo 'not: "data of a bundle"' >"$tmp/p/d/more.yaml"
cd "$tmp"
names() { tar tzvf "$1" 2>/dev/null | awk '{ print $1, $2, $6 }'; }
part() { tar xzOf "$1" "$2" 2>/dev/null; }
same() {
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        printf 'FAIL %s\nwant %s\ngot  %s\n' "$1" "$3" "$2"
        cli_failed=$((cli_failed + 1))
    fi
}

"$writ" build -b p -o b.tar.gz
same build-files "$(names b.tar.gz)" "$(printf -- '-rw------- 0/0 %s\n' /data.json /p/a.rego /.manifest)"
same build-data "$(part b.tar.gz /data.json)" '{"d":{"z":"\u003c1\u003e"}}'
same build-manifest "$(part b.tar.gz /.manifest)" '{"revision":"","roots":[""],"rego_version":1}'
same build-formatted "$(part b.tar.gz /p/a.rego | sed -n 3p)" 'p if input.x'
"$writ" build p -r 'r"1' --v0-compatible --ignore '*.rego' -o n.tar.gz
same build-no-bundle "$(part n.tar.gz /data.json)" '{"d":{"not":"data of a bundle","z":"\u003c1\u003e"}}'
same build-revision "$(part n.tar.gz /.manifest)" '{"revision":"r\"1","roots":[""],"rego_version":0}'
"$writ" build -b b.tar.gz -o again.tar.gz
same build-again "$(names again.tar.gz | awk '{ print $3 }' | tr '\n' ' ')" '/data.json /b.tar.gz/p/a.rego /.manifest '
cp b.tar.gz first.tar.gz
"$writ" build -b p -o b.tar.gz
same build-repeats "$(cmp b.tar.gz first.tar.gz && echo equal)" equal
plans() { part "$1" /plan.json | jq -rc '[.plans.plans[].name]'; }
"$writ" build -t plan -e a/b/p -b p -o c.tar.gz
same build-plan "$(plans c.tar.gz)" '["a/b/p","a/b/e","a/b/q"]'
"$writ" build -t plan -e a/b/p --prune-unused -b p -o c.tar.gz
same build-prunes "$(plans c.tar.gz)" '["a/b/p","a/b/e"]'
mkdir q r
echo '{"roots": ["x"], "revision": "q1", "metadata": {"m": 1}}' >q/.manifest
echo '{"roots": ["y"], "revision": "r1"}' >r/.manifest
"$writ" build -b q -o q.tar.gz
same build-keeps-manifest "$(part q.tar.gz /.manifest)" \
    '{"revision":"q1","roots":["x"],"rego_version":1,"metadata":{"m":1}}'
"$writ" build -b q r -o qr.tar.gz
same build-merges "$(part qr.tar.gz /.manifest)" '{"revision":"","roots":["x","y"],"rego_version":1}'
cd - >/dev/null

cli_expect build-nothing 1 'Error: expected at least one path' build
cli_expect build-missing 1 \
    'error: load error: 1 error occurred during loading: stat nope: no such file or directory' "build nope"
cli_expect build-no-entry 1 'error: plan compilation requires at least one entrypoint' "build -t plan a.rego"
cli_expect build-bad-entry 1 'error: entrypoint "x/y" does not refer to a rule or policy decision' \
    "build -t plan -e x/y a.rego -o '$tmp/x.tar.gz'"
cli_expect build-nowhere 1 'error: open /nonexistent/x: no such file or directory' "build a.rego -o /nonexistent/x"
cli_expect build-unknown-target 1 'must be one of {rego,wasm,plan}' "build -t proto a.rego"
echo '{"builtins": [{"name": "plus"}], "features": ["rego_v1"]}' >"$tmp/few.json"
printf 'package x\np := 1 + input.y\n' >"$tmp/plus.rego"
printf 'package x\np := upper("a")\n' >"$tmp/upper.rego"
cli_expect build-capable 0 '' "build --capabilities '$tmp/few.json' '$tmp/plus.rego' -o '$tmp/x.tar.gz'"
cli_expect build-incapable 1 'rego_type_error: undefined function upper' \
    "build --capabilities '$tmp/few.json' '$tmp/upper.rego' -o '$tmp/x.tar.gz'"
cli_expect build-no-capabilities 1 'no such file or capabilities version found: v0.1' "build --capabilities v0.1 a.rego"
for refused in "-t wasm:target \"wasm\" is" "-O 1:optimization levels other than 0 are" "--signing-key k:signing bundles is" \
    "--verification-key k:verifying the signatures of bundles is" "-t plan --format proto:plan format \"proto\" is"; do
    cli_expect "build-refuses ${refused%%:*}" 1 "error: ${refused#*:} not available" "build ${refused%%:*} a.rego"
done
cli_expect build-proto-target 1 'error: plan format "proto" is only valid with target "plan"' "build --format proto a.rego"

# ---- plans ----

# A bundle that opa made, without its policies.
buys='{"cart": ["salt", "tea", "salt"], "day": "Friday"}'
cli_expect plan-allow 0 $'true\n' "eval -f raw -b planned -I data.shop.allow <<<'$buys'"
cli_expect plan-default 0 $'false\n' "eval -f raw -b planned data.shop.allow"
cli_expect plan-total 0 '{"salt":2,"tea":1}' "eval -f raw -b planned -I data.shop.total <<<'$buys'"
cli_expect plan-package 0 '"allow":true,"total":{"salt":2,"tea":1}' "eval -f raw -b planned -I data.shop <<<'$buys'"
cli_expect plan-shown 0 '"text": "data.shop.allow"' "eval -b planned data.shop.allow"
cli_expect plan-no-entry 2 'bundle planned: plan: there is no plan named shop/closed' "eval -b planned data.shop.closed"
cli_expect plan-other-query 2 'only its entrypoints can be asked' "eval -b planned 1+1"
# One of ours answers by its plan, and anything else by its policies.
cli_expect plan-own 0 $'true\n' "eval -f raw -b '$tmp/c.tar.gz' -I data.a.b.p <<<'{\"x\": 1}'"
cli_expect plan-own-policies 0 $'7\n' "eval -f raw -b '$tmp/c.tar.gz' 'data.a.b.f(7)'"

# ---- bundles that mean harm ----

python3 - "$tmp" "$cli_dir/files/planned/plan.json" <<'END'
import io, json, sys, tarfile

sys.setrecursionlimit(10000)
folder, plan = sys.argv[1], open(sys.argv[2]).read()


def bundle(name, *files):
    with tarfile.open(f"{folder}/{name}.tar.gz", "w:gz") as t:
        for path, text in files:
            info = tarfile.TarInfo(path)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))


def changed(change):
    p = json.loads(plan)
    change(p, p["plans"]["plans"][0]["blocks"][0]["stmts"][0]["stmt"])
    return json.dumps(p)


bundle("up", ("../../x/data.json", '{"a": 1}'), ("/y/../z/data.json", '{"b": 1}'))
bundle("cut", ("/plan.json", plan[:1000]))
bundle("list", ("/plan.json", "[1, 2]"))
bundle("deep", ("/plan.json", "[" * 100000))
bundle("types", ("/plan.json", changed(lambda p, s: s.update(result="7"))))
bundle("index", ("/plan.json", changed(lambda p, s: s["args"][0].update(type="string_index", value=999999))))
bundle("local", ("/plan.json", changed(lambda p, s: s.update(result=2**40))))
bundle("func", ("/plan.json", changed(lambda p, s: s.update(func="no.such"))))
bundle("below", ("/plan.json", changed(lambda p, s: p.update(funcs={"funcs": 3}))))
bundle("aside", ("/sub/plan.json", plan), ("/data.json", '{"a": 1}'))
block = {"type": "BlockStmt", "stmt": {"blocks": []}}
for _ in range(300):
    block = {"type": "BlockStmt", "stmt": {"blocks": [{"stmts": [block]}]}}
bundle("nested", ("/plan.json", changed(lambda p, s: p["plans"]["plans"][0]["blocks"][0]["stmts"].append(block))))
bundle("huge", ("/plan.json", plan + " " * (65 << 20)))
whole = open(f"{folder}/c.tar.gz", "rb").read()
open(f"{folder}/short.tar.gz", "wb").write(whole[: len(whole) // 2])
END
cli_expect harm-up 0 '{"x":{"a":1},"z":{"b":1}}' "eval -f raw -b '$tmp/up.tar.gz' data"
cli_expect harm-aside 0 '{"a":1}' "eval -f raw -b '$tmp/aside.tar.gz' data"
cli_expect harm-short 2 'bundle read failed' "eval -b '$tmp/short.tar.gz' data.a.b.p"
for harm in "cut:plan: line 1" "list:plan: no object" "deep:plan: line 1" "types:result is no integer" \
    "index:out of range" "local:out of range" "func:there is no function no.such" "below:funcs is no list" \
    "nested:blocks are nested more than" "huge:more than 67108864 bytes"; do
    cli_expect "harm-${harm%%:*}" 2 "${harm#*:}" "eval -b '$tmp/${harm%%:*}.tar.gz' data.shop.allow"
done
exit $((cli_failed > 0))
