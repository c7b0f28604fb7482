#!/usr/bin/env bash
# writ parse prints what opa parse prints: cases and golden files in tests/cli.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
cli_cases cli_check parse
exit $((cli_failed > 0))
