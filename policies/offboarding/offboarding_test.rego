package offboarding_test

import data.gatekeeper
import data.offboarding

base := data.samples.inputs.allow

found(patch) := findings if {
	findings := offboarding.findings with input as json.patch(base, patch)
}

codes(patch) := {finding.code | some finding in found(patch)}

outcome(patch) := got if {
	got := gatekeeper.decision.outcome with input as json.patch(base, patch)
}

set_to(path, value) := [{"op": "add", "path": path, "value": value}]

gone(path) := [{"op": "remove", "path": path}]

second := 1000000000

soft_done(seconds_ago) := set_to("/history/soft", {
	"done": true,
	"done_at_ns": base.time.ns - (seconds_ago * second),
})

hard(seconds_ago) := array.concat(set_to("/packet/phase", "hard"), soft_done(seconds_ago))

reinstate(seconds_ago) := array.concat(set_to("/packet/phase", "reinstate"), soft_done(seconds_ago))

# One row a reason: the outcome of the whole decision, and the change that brings it about.
reasons := {
	"unknown_phase": ["deny", set_to("/packet/phase", "purge")],
	"target_missing": ["deny", set_to("/subject/target_ref", " ")],
	"target_unsupported": ["deny", set_to("/subject/target", "mainframe")],
	"target_not_found": ["deny", set_to("/subject/exists", false)],
	"requester_is_subject": ["deny", set_to("/requester/id", "MIRA.holm@example.com ")],
	"legal_hold": ["block", set_to("/hris/record/legal_hold", true)],
	"last_admin": ["deny", array.concat(set_to("/subject/roles", ["root"]), set_to("/subject/admins_remaining", 0))],
	"privileged_account": ["require_hitl", set_to("/subject/roles", ["super administrator"])],
	"privileges_unknown": ["require_hitl", gone("/subject/groups")],
	"production_owner": ["require_hitl", set_to("/ownership/owned", [{"system": "billing", "environment": "Production"}])],
	"ownership_missing": ["require_hitl", gone("/ownership")],
	"ownership_stale": ["require_hitl", set_to("/ownership/fetched_at_ns", 1)],
	"history_missing": ["require_hitl", gone("/history")],
	"recent_escalation": ["require_hitl", set_to("/history/escalations", [{"role": "root", "age_seconds": 518400}])],
	"hris_not_terminated": ["deny", array.concat(
		set_to("/hris/record/status", "active"),
		set_to("/hris/claimed", {}),
	)],
	"hris_missing": ["require_hitl", gone("/hris/record")],
	"hris_stale": ["require_hitl", set_to("/hris/fetched_at_ns", base.time.ns - (86401 * second))],
	"hris_disagrees": ["require_hitl", set_to("/hris/claimed/manager", "emp:9")],
	"termination_in_future": ["require_hitl", array.concat(
		set_to("/hris/record/termination_date", "2031-01-01"),
		set_to("/hris/claimed/termination_date", "2031-01-01"),
	)],
	"termination_confirmed": ["allow", []],
	"soft_not_done": ["deny", set_to("/packet/phase", "hard")],
	"soft_partial": ["deny", array.concat(set_to("/packet/phase", "hard"), set_to("/history/soft", {"partial": true}))],
	"window_open": ["deny", hard(299)],
	"reinstated": ["deny", array.concat(hard(400), set_to("/history/soft/reinstated", true))],
	"clock_untrusted": ["deny", array.concat(hard(400), set_to("/flags", ["clock_suspect"]))],
	"window_closed": ["deny", reinstate(300)],
	"reinstate_in_window": ["allow", reinstate(299)],
}

test_each_reason_is_reached if {
	unreached := {code |
		some code, row in reasons
		not code in codes(row[1])
	}
	unreached == set()
}

test_each_reason_has_its_outcome if {
	wrong := {code |
		some code, row in reasons
		not outcome(row[1]) == row[0]
	}
	wrong == set()
}

test_no_reason_without_its_cause if {
	codes([]) == {"termination_confirmed"}
}

test_privileged_by_role_group_or_pattern if {
	quiet := {group |
		some group in ["wheel", "Break-Glass", "admins", "Platform-Admins", "okta administrators", "prod-db-owners"]
		not "privileged_account" in codes(set_to("/subject/groups", [group]))
	}
	quiet == set()
	loud := {group |
		some group in ["engineering", "administration-of-food", "badminton", "production-planning"]
		"privileged_account" in codes(set_to("/subject/groups", [group]))
	}
	loud == set()
}

test_an_owned_system_without_environment_counts_as_production if {
	"production_owner" in codes(set_to("/ownership/owned", [{"system": "billing"}]))
	"production_owner" in codes(set_to("/ownership/owned", [{"system": "billing", "environment": null}]))
	not "production_owner" in codes(set_to("/ownership/owned", [{"system": "billing", "environment": "test"}]))
}

# Each field on its own, also where the record has no such field.
test_each_field_of_the_record_can_disagree if {
	unnoticed := {field |
		some field in data.offboarding.hris_fields
		not outcome(set_to(sprintf("/hris/claimed/%s", [field]), "something else")) == "require_hitl"
	}
	unnoticed == set()
	not "hris_disagrees" in codes(set_to("/hris/claimed/shoe_size", 44))
	not "hris_disagrees" in codes(set_to("/hris/claimed/manager", " EMP:4000 "))
	"hris_disagrees" in codes(set_to("/hris/claimed/manager", 4000))
	not "hris_disagrees" in codes(array.concat(
		set_to("/hris/claimed/manager", 4000),
		set_to("/hris/record/manager", 4000),
	))
}

test_a_claimed_termination_that_the_record_does_not_show_calls_a_human if {
	outcome(set_to("/hris/record/status", "active")) == "require_hitl"
}

fetched_before(age) := array.concat(gone("/hris/fetched_at_ns"), set_to("/hris/age_seconds", age))

test_age_by_seconds_or_by_time if {
	outcome(fetched_before(86400)) == "allow"
	outcome(fetched_before(86401)) == "require_hitl"
	outcome(fetched_before(-1)) == "require_hitl"
	outcome(gone("/hris/fetched_at_ns")) == "require_hitl"
	outcome(set_to("/hris/fetched_at_ns", base.time.ns - (86400 * second))) == "allow"
	outcome(set_to("/hris/fetched_at_ns", base.time.ns + 1)) == "require_hitl"
}

escalated(age) := set_to("/history/escalations", [{"role": "root", "granted_at_ns": base.time.ns - (age * second)}])

test_escalations_inside_the_window if {
	outcome(escalated(604800)) == "require_hitl"
	outcome(escalated(604801)) == "allow"
	outcome(escalated(-5)) == "require_hitl"
	outcome(set_to("/history/escalations", [{}])) == "require_hitl"
	outcome(array.concat(escalated(518400), set_to("/limits/escalation_window_seconds", 432000))) == "allow"
}

terminated_on(day) := array.concat(
	set_to("/hris/record/termination_date", day),
	set_to("/hris/claimed/termination_date", day),
)

test_the_day_of_termination_counts if {
	outcome(terminated_on("2025-11-21")) == "allow"
	outcome(terminated_on("2025-11-22")) == "require_hitl"
	outcome(terminated_on("2025-02-31")) == "require_hitl"
	outcome(terminated_on("21.11.2025")) == "require_hitl"
	outcome(array.concat(gone("/hris/record/termination_date"), gone("/hris/claimed/termination_date"))) == "require_hitl"
}

test_the_last_administrator_stays if {
	admin := set_to("/subject/roles", ["root"])
	outcome(array.concat(admin, set_to("/subject/admins_remaining", 1))) == "require_hitl"
	outcome(array.concat(admin, set_to("/subject/admins_remaining", 0))) == "deny"
	outcome(set_to("/subject/admins_remaining", 0)) == "allow"
}

test_the_hard_phase_needs_its_window if {
	outcome(hard(300)) == "allow"
	outcome(hard(299)) == "deny"
	outcome(array.concat(hard(10), set_to("/limits/window_seconds", 10))) == "allow"
	outcome(array.concat(hard(9), set_to("/limits/window_seconds", 10))) == "deny"
	outcome(set_to("/packet/phase", "hard")) == "deny"
	outcome(array.concat(hard(300), set_to("/history/soft/done", false))) == "deny"
	outcome(array.concat(hard(300), gone("/history/soft/done_at_ns"))) == "deny"
}

test_what_needed_a_human_in_the_soft_phase_needs_one_in_the_hard_phase if {
	admin := array.concat(hard(300), set_to("/subject/roles", ["root"]))
	outcome(admin) == "require_hitl"
	approval := {"approved": true, "approvers": [{"id": "sec:nora.beck"}]}
	outcome(array.concat(admin, set_to("/approval", approval))) == "allow"
}

test_a_partial_soft_phase_can_always_be_taken_back if {
	partial := set_to("/history/soft", {"partial": true})
	outcome(array.concat(set_to("/packet/phase", "reinstate"), partial)) == "allow"
	outcome(array.concat(hard(400), set_to("/history/soft/partial", true))) == "deny"
	outcome(set_to("/packet/phase", "reinstate")) == "deny"
}

# Giving back is not taking away: what stops an offboarding does not stop its undoing.
test_reinstating_asks_less if {
	outcome(array.concat(reinstate(10), set_to("/hris/record/legal_hold", true))) == "allow"
	outcome(array.concat(reinstate(10), set_to("/subject/roles", ["root"]))) == "allow"
	outcome(array.concat(reinstate(10), set_to("/requester/id", "emp:4711"))) == "deny"
}

test_legal_holds_from_the_list if {
	outcome(set_to("/subject/id", "emp:0000-legal-hold")) == "block"
}
