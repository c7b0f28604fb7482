# What the personnel system says, beside what the request says.
package offboarding

import data.facts

# The one ground on which an account may be taken away without a human.
findings contains allow("termination_confirmed", "the personnel record confirms the termination") if {
	taking_away
	terminated
	termination_reached
	facts.fresh(input.hris, "hris_max_age_seconds")
	not disagreement
}

# Nobody says that the person has left: neither the record nor the request.
findings contains deny("hris_not_terminated", "the personnel record shows no termination and none is claimed") if {
	taking_away
	record_present
	not terminated
	not termination_claimed
}

findings contains hitl("hris_missing", "the personnel system has no record of the subject", "people-ops") if {
	looked_up
	not record_present
}

findings contains hitl("hris_stale", "the personnel record was fetched too long ago", "people-ops") if {
	taking_away
	record_present
	not facts.fresh(input.hris, "hris_max_age_seconds")
}

findings contains hitl("hris_disagrees", sprintf("request and personnel record differ in %s", [field]), "people-ops") if {
	taking_away
	record_present
	some field in disagreeing_fields
}

# A termination without a date, or with one that cannot be read, has not been reached for sure.
findings contains hitl("termination_in_future", "the termination date is missing or not reached", "people-ops") if {
	taking_away
	terminated
	not termination_reached
}

record_present if count(input.hris.record) > 0

terminated if facts.name_of(input.hris.record.status) in data.offboarding.terminated_statuses

termination_claimed if {
	facts.name_of(input.hris.claimed.status) in data.offboarding.terminated_statuses
}

termination_reached if {
	day := input.hris.record.termination_date
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, day)
	time.parse_rfc3339_ns(sprintf("%sT00:00:00Z", [day])) <= facts.now_ns
}

disagreement if count(disagreeing_fields) > 0

# Only what the request claims can disagree; a claim about a field that the record lacks does.
disagreeing_fields contains field if {
	some field in data.offboarding.hris_fields
	claim := input.hris.claimed[field]
	not agrees(claim, object.get(input.hris, ["record", field], null))
}

agrees(claim, fact) if facts.same_name(claim, fact)

agrees(claim, fact) if {
	not is_string(claim)
	claim == fact
}
