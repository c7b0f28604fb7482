# How much may happen without a human, by the level the operator has set:
# 0 changes nothing at all, 1 does what is low risk, 2 and more ask only where the risk is high.
package gatekeeper

autonomy_findings contains hitl("autonomy_unknown", "the autonomy level is missing or not a level", "security") if {
	not autonomy_answer
}

autonomy_findings contains deny("autonomy_forbids", autonomy_text("does not do this")) if {
	changes_something
	autonomy_answer == "deny"
}

autonomy_findings contains hitl("autonomy_asks", autonomy_text("asks a human"), "security") if {
	changes_something
	autonomy_answer == "require_hitl"
}

autonomy_text(what) := sprintf("autonomy level %v %s at %s risk", [input.autonomy_level, what, risk_class])

# The row is found by comparing numbers, so that 1 and 1.0 are one level.
autonomy_answer := answer if {
	some level, row in data.gatekeeper.defaults.autonomy
	level == input.autonomy_level
	answer := row[risk_class]
}

# Reading changes nothing; everything that is not declared as reading does.
changes_something if not reading

reading if {
	input.packet.kind == "access"
	data.access.actions[input.packet.access.action].class == "read"
}
