# For tests/e2e/cli_*.sh: runs the cases of one command and compares with the golden files.
#
# What is not compared: durations, usage texts after an `Error:` line, tracebacks.
cli_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
WRIT=${WRIT:-$cli_dir/../../build/release/writ}

# cli_run PROGRAM ARGUMENTS [NAME]: what it printed and its status, in the form of the golden files.
# opa runs tests in an order of chance: the lines of test-many... are sorted, each once.
cli_run() {
    local tmp status=0 order=cat
    tmp=$(mktemp -d)
    (cd "$cli_dir/files" && eval "\"$1\" $2" >"$tmp/out" 2>"$tmp/err" </dev/null) || status=$?
    [[ ${3:-} != test-many* ]] || order="sort -u"
    sed -E 's/\([0-9.]+(ns|µs|ms|s)\)/(T)/; s/"duration": [0-9]+/"duration": 0/' "$tmp/out" |
        LC_ALL=C $order
    echo "--- stderr"
    awk '/^Error: / { print; exit } /^$/ { held = held "\n"; next }
        /^Traceback:/ { held = ""; skip = 1; next } skip && /^  / { next }
        { skip = 0; printf "%s", held; held = ""; print }' "$tmp/err"
    echo "--- status $status"
    rm -rf "$tmp"
}

# cli_cases ACTION COMMAND: ACTION NAME ARGUMENTS for each case of the command.
cli_cases() {
    local name="" arguments="" line
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '#'*) continue ;;
        "$2"-*' '*)
            [ -z "$name" ] || "$1" "$name" "$arguments"
            name=${line%% *} arguments=${line#* }
            ;;
        eval-* | test-* | check-* | parse-*)
            [ -z "$name" ] || "$1" "$name" "$arguments"
            name=""
            ;;
        *) arguments=$arguments$'\n'$line ;;
        esac
    done <"$cli_dir/cases.txt"
    [ -z "$name" ] || "$1" "$name" "$arguments"
}

cli_failed=0

cli_check() {
    local got
    got=$(cli_run "$WRIT" "$2" "$1")
    if [ "$got" = "$(cat "$cli_dir/golden/$1")" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: writ $2"
        diff "$cli_dir/golden/$1" <(echo "$got") | head -20 || true
        cli_failed=$((cli_failed + 1))
    fi
}

# cli_expect NAME STATUS TEXT ARGUMENTS: status and a text that the output holds.
cli_expect() {
    local got
    got=$(cli_run "$WRIT" "$4")
    if [[ $got == *"$3"* && $got == *"--- status $2" ]]; then
        echo "ok $1"
    else
        echo "FAIL $1: writ $4 (wanted status $2 and: $3)"
        echo "$got" | head -20
        cli_failed=$((cli_failed + 1))
    fi
}
