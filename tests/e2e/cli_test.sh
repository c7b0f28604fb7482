#!/usr/bin/env bash
# writ test prints what opa test prints: cases and golden files in tests/cli.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
cli_cases cli_check test
exit $((cli_failed > 0))
