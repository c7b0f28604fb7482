#!/usr/bin/env bash
# writ check prints what opa check prints: cases and golden files in tests/cli.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../cli/compare.sh"
cli_cases cli_check check
exit $((cli_failed > 0))
