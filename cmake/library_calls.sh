#!/bin/sh
# library_calls.sh NM READELF OUT LIBRARY... -- OBJECT...: writes OUT, the rows of cli/libraries/opened.c: which functions of
# the shared libraries the objects (files and archives) call. Data of a library cannot stand behind a stub: that is an error.
set -eu
nm=$1 readelf=$2 out=$3
shift 3
libraries=
while [ "$1" != -- ]; do
    libraries="$libraries $1"
    shift
done
shift
wanted=$(mktemp)
trap 'rm -f "$wanted" "$out.new"' EXIT
"$nm" -u -P "$@" | awk 'NF >= 2 && $2 == "U" {print $1}' | LC_ALL=C sort -u >"$wanted"
number=0
for library in $libraries; do
    soname=$("$readelf" -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
    [ -n "$soname" ] || { echo "library_calls.sh: $library has no soname" >&2; exit 1; }
    echo "LIBRARY($number, \"$soname\")"
    "$nm" -D -P --defined-only "$library" | awk -v number=$number -v library="$library" '
        NR == FNR {wanted[$1] = 1; next}
        {sub(/@.*/, "", $1)}
        !($1 in wanted) || done[$1]++ {next}
        $2 !~ /^[TWi]$/ {print "library_calls.sh: " $1 " of " library " is no function" >"/dev/stderr"; failed = 1}
        {print "CALL(" number ", " $1 ")"}
        END {exit failed}' "$wanted" -
    number=$((number + 1))
done >"$out.new"
mv "$out.new" "$out"
