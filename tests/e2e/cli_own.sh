#!/usr/bin/env bash
# What writ has and opa has not, what this build refuses, and hostile files.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cli_expect help 0 "Available Commands:" ""
cli_expect help-flag 0 "writ eval <query> [flags]" "eval --help"
cli_expect help-word 0 "writ test <path>" "help test"
for command in eval test check parse disasm version capabilities; do
    cli_expect "help-$command" 0 "Examples:" "$command -h"
done
cli_expect unknown-command 1 'Error: unknown command "nope" for "writ"' nope
cli_expect unknown-root-flag 1 'Error: unknown flag: --nope' --nope
cli_expect version 0 "Version: " version
cli_expect version-flag 1 'Error: unknown flag: --x' "version --x"
for flag in --partial --profile --coverage "--explain full"; do
    cli_expect "eval-refuses ${flag%% *}" 1 "${flag%% *} is not available" "eval $flag 1"
done
for flag in --bench --coverage --watch --var-values "--threshold 80"; do
    cli_expect "test-refuses ${flag%% *}" 1 "${flag%% *} is not available" "test $flag passing"
done

WRIT_EVAL_FORMAT=raw cli_expect environment 0 $'a\n' "eval '\"a\"'"
WRIT_EVAL_FORMAT=raw cli_expect environment-line-wins 0 '"result"' "eval -f json 1"
WRIT_EVAL_FAIL=x cli_expect environment-bad 1 \
    'Error: error mapping environment variables to command flags: invalid argument "x" for "--fail" flag' \
    "eval 1"
cli_expect flag-group 0 '"value": 1' "eval -Sf json 1"
cli_expect flag-equals 0 $'1\n' "eval --format=raw 1"
cli_expect flags-end 0 $'-1\n' "eval -f raw -- -1"
cli_expect stdin-query 0 $'3\n' "eval --stdin -f raw <<<'1+2'"
cli_expect stdin-input 0 $'7\n' "eval -I -f raw input.a <<<'{\"a\":7}'"
cli_expect timeout 2 "context deadline exceeded" \
    "eval --timeout 20ms 'some x in numbers.range(1, 9000); some y in numbers.range(1, 9000); x * y == -1'"
cli_expect test-order 0 $'test_many: PASS' "test -v passing"
printf 'package x\ntest_f(x) if { x }\n' >"$tmp/f.rego"
cli_expect test-function 2 "function data.x.test_f used as reference, not called" "test '$tmp/f.rego'"
cli_expect metrics 0 timer_rego_query_eval_ns "eval --metrics 1"
cli_expect metrics-table 0 "│           Metric            │" "eval --metrics -f pretty 1"

cli_expect runtime 0 '"authorization_enabled":false' "eval -f raw 'opa.runtime()'"
cli_expect disasm 0 "func query" "disasm -q data.a.p a.rego"
cli_expect disasm-module 0 "func data.a.p" "disasm a.rego"
cli_expect disasm-plan 0 "data.a.p" "disasm --plan a.rego"
cli_expect disasm-why 0 "; early exit" "disasm --optimised --why a.rego"
cli_expect disasm-why-bytecode 0 "; memo" "disasm --why -q data.a.p a.rego"
cli_expect disasm-opcodes 0 "RET" "disasm --opcodes"
cli_expect disasm-error 1 "rego_parse_error" "disasm bad.rego"
cli_expect disasm-nothing 1 "specify at least one file or --query" disasm
cli_expect disasm-pass 1 "no pass is named x" "disasm --pass-off x a.rego"
cli_expect pass-off 0 '"value": 2' "eval --pass-off fold,prepare,memo 1+1"

# Bundles in archives, and the roots of manifests.
bundle() { tar czf "$tmp/$1" -C "$tmp/bundle" . ; }
cp -r "$cli_dir/files/bundle" "$tmp/bundle"
bundle good.tar.gz
cli_expect archive 0 '{"bun":{"p":1},"top":1,"x":{"y":{"k":1}}}' "eval -f raw -b '$tmp/good.tar.gz' data"
cli_expect archive-as-data 0 '"top":1' "eval -f raw -d '$tmp/good.tar.gz' data"
echo '{"roots":["bun"]}' >"$tmp/bundle/.manifest"
bundle roots.tar.gz
cli_expect archive-data-roots 2 "manifest roots [bun] do not permit data at path '/" \
    "eval -b '$tmp/roots.tar.gz' data"
cli_expect folder-data-roots 2 "manifest roots [bun] do not permit data at path '/" \
    "eval -b '$tmp/bundle' data"
echo '{"roots":["x","top"]}' >"$tmp/bundle/.manifest"
bundle package.tar.gz
cli_expect archive-package-roots 2 "do not permit 'package bun' in module './b.rego'" \
    "eval -b '$tmp/package.tar.gz' data"
echo '{"roots":["bun","bun/y"]}' >"$tmp/bundle/.manifest"
cli_expect manifest-overlap 2 "manifest has overlapped roots: 'bun' and 'bun/y'" \
    "eval -b '$tmp/bundle' data"
echo '{"roots":1}' >"$tmp/bundle/.manifest"
cli_expect manifest-roots 2 "roots must be a list" "eval -b '$tmp/bundle' data"
echo '{"roots"' >"$tmp/bundle/.manifest"
cli_expect manifest-broken 2 "bundle load failed on manifest decode" "eval -b '$tmp/bundle' data"
cli_expect bundles-overlap 2 "overlapping roots" \
    "eval -b '$tmp/good.tar.gz' -b bundle data"
head -c 100 "$tmp/good.tar.gz" >"$tmp/cut.tar.gz"
cli_expect archive-cut 2 "bundle read failed" "eval -b '$tmp/cut.tar.gz' data"
cli_expect archive-none 2 "bundle read failed" "eval -b a.rego data"

# Hostile files end with an error of their own, never with a crash.
head -c 100000 /dev/zero | tr '\0' '[' >"$tmp/deep.json"
cli_expect deep-json 2 "errors" "eval -d '$tmp/deep.json' 1"
head -c 100000 /dev/zero | tr '\0' '[' >"$tmp/deep.yaml"
cli_expect deep-yaml 2 "max depth" "eval -d '$tmp/deep.yaml' 1"
{
    echo 'a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'
    for i in 1 2 3 4 5 6 7 8 9; do
        p=$((i - 1))
        echo "a$i: &a$i [*a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p]"
    done
} >"$tmp/laughs.yaml"
cli_expect yaml-aliases 2 "excessive aliasing" "eval -d '$tmp/laughs.yaml' 1"
head -c 4096 /dev/urandom | tr -d '\0' >"$tmp/noise.rego"
cli_expect noise-module 1 "rego_parse_error" "check -f json '$tmp/noise.rego'"
printf '{"a":"\377"}' >"$tmp/latin.json"
cli_expect bad-utf8 0 "a" "eval -d '$tmp/latin.json' data"
mkdir -p "$tmp/ring/below" && ln -s .. "$tmp/ring/below/up"
cli_expect folder-ring 2 "errors" "eval -d '$tmp/ring' 1"
mkdir "$tmp/shut" && echo '{}' >"$tmp/shut/x.json" && chmod 000 "$tmp/shut/x.json"
[ "$(id -u)" -eq 0 ] || cli_expect no-permission 2 "permission denied" "eval -d '$tmp/shut' 1"
cli_expect folder-as-input 2 "is a directory" "eval -i '$tmp' 1"
exit $((cli_failed > 0))
