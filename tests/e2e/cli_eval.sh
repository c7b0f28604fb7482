#!/usr/bin/env bash
# writ eval prints what opa eval prints: cases and golden files in tests/cli.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
cli_cases cli_check eval
exit $((cli_failed > 0))
