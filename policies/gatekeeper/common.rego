# Findings that hold for every kind of request.
package gatekeeper

import data.facts

common contains deny("malformed_input", sprintf("the input has another type than expected at %s", [path])) if {
	some path in facts.malformed
}

common contains deny("time_missing", "the input carries no usable time") if not facts.now_ns

common contains deny("unknown_kind", "the packet's kind is not one this policy decides") if {
	not known_kind
}

common contains deny("requester_missing", "nobody is named as the requester") if {
	not requester_named
}

common contains deny("requester_inactive", "the requester's own account is not active") if {
	input.requester.active == false
}

# A request from outside is stopped for good where a list says so; only the list can lift it.
common contains block("blocked_subject", "the subject is on the block list") if {
	listed("subjects", facts.subject_names)
}

common contains block("blocked_requester", "the requester is on the block list") if {
	listed("requesters", {facts.name_of(input.requester.id)})
}

common contains hitl("flags_missing", "the injection filter left no word about this request", "security") if {
	not is_array(object.get(input, "flags", null))
}

# No approval lifts this one: see the obligation reissue_packet.
common contains finding if {
	facts.injection_suspected
	finding := object.union(
		hitl("prompt_injection_suspected", "the request's text tries to give orders to its reader", "security"),
		{"waivable": false},
	)
}

# A packet made anew after a suspicion stands on the target that a human typed, and on nothing else.
common contains finding if {
	"prompt_injection_cleared" in facts.flags
	not cleared_by_human
	finding := object.union(
		hitl("target_not_reentered", "no human has named the target again since the suspicion", "security"),
		{"waivable": false},
	)
}

common contains hitl("unknown_flag", sprintf("the request carries the unknown flag %q", [flag]), "security") if {
	some flag in facts.flags
	not flag in data.gatekeeper.defaults.known_flags
}

common contains hitl("clock_suspect", "the clock cannot be trusted at the moment", "security") if {
	"clock_suspect" in facts.flags
}

common contains hitl("low_confidence", "the request was not understood with enough confidence", "security") if {
	not confident
}

common contains hitl("risk_threshold", sprintf("the risk of %v is above the threshold of %v", [risk, facts.limit("risk_threshold")]), "security") if {
	risk > facts.limit("risk_threshold")
}

common contains finding if some finding in autonomy_findings

common contains finding if some finding in approval_findings

known_kind if input.packet.kind in data.gatekeeper.defaults.kinds

requester_named if facts.name_of(input.requester.id) != ""

confident if {
	is_number(input.confidence)
	input.confidence <= 1
	input.confidence >= facts.limit("confidence_min")
}

listed(list, names) if {
	some entry in data.gatekeeper.blocklist[list]
	facts.name_of(entry) in names
}

cleared_by_human if {
	approval_valid
	reentered
}

reentered if facts.same_name(input.approval.reentered_target, input.subject.target_ref)

# While the packet is scrubbed there is no target to compare with; the typed name alone must do.
reentered if {
	object.get(input, ["subject", "target_ref"], null) == null
	facts.name_of(input.approval.reentered_target) != ""
}

deny(code, text) := {"outcome": "deny", "code": code, "text": text}

block(code, text) := {"outcome": "block", "code": code, "text": text}

hitl(code, text, group) := {
	"outcome": "require_hitl",
	"code": code,
	"text": text,
	"group": group,
	"waivable": true,
}
