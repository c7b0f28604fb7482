# What a human said, and whether it counts. An approval counts when it is still in time, was not
# rejected, and enough independent, active people stand behind it.
package gatekeeper

import data.facts

approval_valid if {
	input.approval.approved == true
	count(rejecters) == 0
	approval_in_time
	count(approver_names) >= approvers.approve
}

approval_in_time if not is_number(object.get(input, ["approval", "valid_until_ns"], null))

approval_in_time if facts.now_ns < input.approval.valid_until_ns

# Two entries of one person are one approver.
approver_names contains name if {
	some approver in input.approval.approvers
	name := facts.name_of(approver.id)
	name != ""
	independent(name)
	active(approver)
}

active(approver) if object.get(approver, "active", true) == true

independent(name) if {
	not name in facts.subject_names
	name != facts.name_of(object.get(input, ["requester", "id"], ""))
}

rejecters contains name if some name in input.approval.rejected_by

approval_findings contains deny("approval_rejected", sprintf("%s rejected the request", [name])) if {
	some name in rejecters
}

approval_findings contains hitl("approval_expired", "the approval is no longer valid", "security") if {
	input.approval.approved == true
	not approval_in_time
}

approval_findings contains deny("approval_self", sprintf("%s is the subject or the requester and cannot approve", [name])) if {
	some approver in input.approval.approvers
	name := facts.name_of(approver.id)
	not independent(name)
}

approval_findings contains hitl("approval_inactive", sprintf("the approver %s is not active any more", [facts.name_of(approver.id)]), "security") if {
	some approver in input.approval.approvers
	not active(approver)
}

approval_findings contains hitl("approval_incomplete", "more people must approve", "security") if {
	input.approval.approved == true
	approval_in_time
	count(approver_names) < approvers.approve
}

# Who is asked: the first group in the order of the shipped data that any finding names.
approvers := {
	"group": approver_group,
	"approve": approve_count,
	"deny": max([1, facts.limit("deny")]),
}

asked_groups contains finding.group if {
	some finding in kind_findings
	finding.outcome == "require_hitl"
}

default approver_group := "security"

approver_group := [group |
	some group in data.gatekeeper.defaults.group_order
	group in asked_groups
][0] if {
	not facts.injection_suspected
}

# High risk takes one more pair of eyes than usual. No limit makes an approval of nobody.
approve_count := least_approvers + 1 if {
	risk_class == "high"
} else := least_approvers

least_approvers := max([1, facts.limit("approve")])
