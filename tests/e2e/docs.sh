#!/usr/bin/env bash
# What a program writes of the documentation is what stands there, and what pages point at exists.
set -euo pipefail
cd "$WRIT_SOURCE"
failed=0

"$WRIT" disasm --opcodes >"$TMPDIR/bytecode.md"
if ! diff -u docs/bytecode.md "$TMPDIR/bytecode.md"; then
    echo "docs/bytecode.md is old: writ disasm --opcodes > docs/bytecode.md"
    failed=1
fi

# What compiler/README.md shows below a command is what the command prints.
sed -n 's/^    \$ writ //p' compiler/README.md >"$TMPDIR/commands"
while read -r arguments; do
    # shellcheck disable=SC2086
    "$WRIT" $arguments | sed 's/^/    /; s/[ \t]*$//' >"$TMPDIR/printed"
    awk -v command="    \$ writ $arguments" '$0 == command { shown = 1; next } shown && /^$/ { exit } shown' \
        compiler/README.md | sed 's/[ \t]*$//' >"$TMPDIR/shown"
    if ! diff -u "$TMPDIR/shown" "$TMPDIR/printed"; then
        echo "compiler/README.md: writ $arguments prints something else by now"
        failed=1
    fi
done <"$TMPDIR/commands"

"$WRIT" capabilities --markdown >"$TMPDIR/builtins.md"
if ! diff -u docs/builtins.md "$TMPDIR/builtins.md"; then
    echo "docs/builtins.md is old: writ capabilities --markdown > docs/builtins.md"
    failed=1
fi

# The built-in function that adding-a-builtin.md walks through stands in the tree word for word.
sed -n '/^```c$/,/^```$/p' docs/adding-a-builtin.md | grep -v '^```' | sort -u >"$TMPDIR/walk"
if [ -n "$(grep -vxFf stdlib/strings.c "$TMPDIR/walk")" ]; then
    echo "docs/adding-a-builtin.md shows what stdlib/strings.c has no more"
    failed=1
fi

# Links to files of the tree, from README.md and docs/.
for page in README.md CONTRIBUTING.md docs/*.md; do
    grep -oE '\]\([^)#: ]+[)#]' "$page" | sed 's/](//; s/[)#]$//' | sort -u >"$TMPDIR/links" || true
    while read -r link; do
        if [ ! -e "$(dirname "$page")/$link" ]; then
            echo "$page: no such file: $link"
            failed=1
        fi
    done <"$TMPDIR/links"
done

# What differences.md calls missing and is here by now is named; it fails nothing.
"$WRIT" capabilities --current | jq -r '.builtins[].name' >"$TMPDIR/names"
for name in $(sed -n '/^Built-in functions:/,$p' docs/differences.md | grep '^    '); do
    if grep -qxF "$name" "$TMPDIR/names"; then
        echo "docs/differences.md: $name is here by now: take it off the list"
    fi
done

# Every subcommand that its help shows an example for has one.
for command in $("$WRIT" --help | sed -n '/^Available/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    "$WRIT" "$command" --help >"$TMPDIR/help" 2>&1 || {
        echo "writ $command --help: status $?"
        failed=1
    }
    if [ "$command" != version ] && ! grep -qiE '^ *Examples?:' "$TMPDIR/help"; then
        echo "writ $command --help shows no example"
        failed=1
    fi
done
exit $failed
