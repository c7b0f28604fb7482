# The entrypoint. Findings of the other packages go in, one of four outcomes comes out.
#
# A finding is {"outcome", "code", "text"} and, where it calls a human, "group" and "waivable".
# The strongest outcome of all findings wins: block, deny, require_hitl, allow, in this order.
# No finding at all is a deny.
package gatekeeper

import data.access
import data.facts
import data.offboarding

precedence := ["block", "deny", "require_hitl", "allow"]

# Each kind of request is judged by its own package.
kind_findings := offboarding.findings if input.packet.kind == "offboard"

kind_findings := access.findings if input.packet.kind == "access"

default kind_findings := set()

findings := common | kind_findings

# A human's approval answers a finding that may be answered so; nothing answers a deny or a block.
waived(finding) if {
	approval_valid
	finding.outcome == "require_hitl"
	finding.waivable
}

open_findings := {finding |
	some finding in findings
	not waived(finding)
}

waived_findings := {finding |
	some finding in findings
	waived(finding)
}

outcomes contains finding.outcome if some finding in open_findings

# What the human approved counts as the ground for an allow only where the kind's own package asked.
outcomes contains "allow" if {
	some finding in kind_findings
	waived(finding)
}

strongest(set_of_outcomes) := [outcome |
	some outcome in precedence
	outcome in set_of_outcomes
][0]

default outcome := "deny"

outcome := strongest(outcomes)

# Allow findings are grounds, not objections: they are told only when the outcome is allow.
told(rank) := sort([line |
	some finding in open_findings
	finding.outcome == rank
	line := sprintf("%s: %s", [finding.code, finding.text])
])

objections := [line |
	some rank in ["block", "deny", "require_hitl"]
	some line in told(rank)
]

answered := sort([line |
	some finding in waived_findings
	line := sprintf("%s: %s (approved by %s)", [
		finding.code,
		finding.text,
		concat(", ", sort(approver_names)),
	])
])

reasons := array.concat(told("allow"), answered) if outcome == "allow"

reasons := objections if {
	outcome != "allow"
	count(objections) > 0
}

default reasons := ["no_rule_allows: no rule of the policy allows this request"]

codes contains split(line, ":")[0] if some line in reasons

# What must be done with the outcome, in this order.
obligations := [duty |
	some duty in data.gatekeeper.defaults.obligation_order
	duty in duties
]

duties contains duty if some duty in data.gatekeeper.defaults.obligations[outcome]

duties contains duty if {
	outcome == "allow"
	some duty in data.gatekeeper.defaults.phase_obligations[input.packet.phase]
}

duties contains "reenter_target" if {
	outcome == "require_hitl"
	facts.injection_suspected
	not reentered
}

# The human has named the target again: the gatekeeper makes a new packet of it. This one, flagged
# as it is, never becomes an allow.
duties contains "reissue_packet" if {
	outcome == "require_hitl"
	facts.injection_suspected
	approval_valid
	reentered
}

duties contains "record_override" if {
	outcome == "allow"
	"owner_bypass" in codes
}

default decision := {
	"outcome": "deny",
	"reasons": ["no_rule_allows: no rule of the policy allows this request"],
	"risk": 1,
	"obligations": [],
	"approvers": {"group": "security", "approve": 1, "deny": 1},
}

decision := {
	"outcome": outcome,
	"reasons": reasons,
	"risk": risk,
	"obligations": obligations,
	"approvers": approvers,
}
