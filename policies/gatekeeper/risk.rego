# Risk is a number from 0 to 1: the weights of what was found, or the signal that came with the
# packet where that is higher. Weights are whole hundredths, so that sums are exact.
package gatekeeper

import data.facts

weights := [weight |
	some code in risk_codes
	weight := data.gatekeeper.defaults.risk_weights[code]
]

# Codes and not findings: three disagreeing fields weigh as much as one.
risk_codes contains finding.code if some finding in kind_findings

risk_codes contains flag if some flag in facts.flags

risk_codes contains "low_confidence" if not confident

risk_codes contains "hard_phase" if input.packet.phase == "hard"

signal := input.packet.risk if {
	is_number(input.packet.risk)
	input.packet.risk >= 0
} else := 0

risk := min([1, max([signal, sum(weights) / 100])])

risk_class := "high" if {
	risk >= data.gatekeeper.defaults.risk_classes.high
} else := "medium" if {
	risk >= data.gatekeeper.defaults.risk_classes.medium
} else := "low"
