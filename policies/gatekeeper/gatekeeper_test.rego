package gatekeeper_test

import data.gatekeeper

base := data.samples.inputs.allow

decide(patch) := decision if {
	decision := gatekeeper.decision with input as json.patch(base, patch)
}

codes(patch) := found if {
	found := gatekeeper.codes with input as json.patch(base, patch)
}

set_to(path, value) := [{"op": "add", "path": path, "value": value}]

approved := set_to("/approval", {"approved": true, "approvers": [{"id": "sec:nora.beck", "active": true}]})

suspected := set_to("/flags", ["prompt_injection_suspected"])

privileged := set_to("/subject/roles", ["Super Administrator"])

# One row a reason: what is changed in a request that would be allowed, and what comes of it.
reasons := {
	"malformed_input": ["deny", set_to("/subject/roles", "Super Administrator")],
	"time_missing": ["deny", [{"op": "remove", "path": "/time/ns"}]],
	"unknown_kind": ["deny", set_to("/packet/kind", "promote")],
	"requester_missing": ["deny", set_to("/requester", {})],
	"requester_inactive": ["deny", set_to("/requester/active", false)],
	"blocked_subject": ["block", set_to("/subject/id", "emp:0000-BREAKGLASS ")],
	"blocked_requester": ["block", set_to("/requester/id", "svc:retired-importer")],
	"flags_missing": ["require_hitl", [{"op": "remove", "path": "/flags"}]],
	"prompt_injection_suspected": ["require_hitl", suspected],
	"target_not_reentered": ["require_hitl", set_to("/flags", ["prompt_injection_cleared"])],
	"unknown_flag": ["require_hitl", set_to("/flags", ["brand_new"])],
	"clock_suspect": ["require_hitl", set_to("/flags", ["clock_suspect"])],
	"low_confidence": ["require_hitl", set_to("/confidence", 0.5)],
	"risk_threshold": ["require_hitl", set_to("/packet/risk", 0.9)],
	"autonomy_unknown": ["require_hitl", [{"op": "remove", "path": "/autonomy_level"}]],
	"autonomy_forbids": ["deny", set_to("/autonomy_level", 0)],
	"autonomy_asks": ["require_hitl", array.concat(set_to("/autonomy_level", 1), set_to("/packet/risk", 0.4))],
	"approval_rejected": ["deny", set_to("/approval", {"approved": false, "rejected_by": ["sec:nora.beck"]})],
	"approval_expired": ["require_hitl", array.concat(
		approved,
		set_to("/approval/valid_until_ns", base.time.ns),
	)],
	"approval_self": ["deny", set_to("/approval", {"approved": true, "approvers": [{"id": "HR:ines.falk"}]})],
	"approval_inactive": ["require_hitl", set_to("/approval", {
		"approved": true,
		"approvers": [{"id": "sec:nora.beck", "active": false}],
	})],
	"approval_incomplete": ["require_hitl", set_to("/approval", {"approved": true, "approvers": []})],
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
		not decide(row[1]).outcome == row[0]
	}
	wrong == set()
}

test_the_base_request_is_allowed if {
	decide([]).outcome == "allow"
	decide([]).risk == 0
}

test_a_decision_has_all_its_parts if {
	object.keys(decide([])) == {"outcome", "reasons", "risk", "obligations", "approvers"}
	object.keys(decide([]).approvers) == {"group", "approve", "deny"}
}

# All sixteen subsets of the outcomes and what each must come to.
truth_table := [
	[set(), "deny"],
	[{"allow"}, "allow"],
	[{"require_hitl"}, "require_hitl"],
	[{"require_hitl", "allow"}, "require_hitl"],
	[{"deny"}, "deny"],
	[{"deny", "allow"}, "deny"],
	[{"deny", "require_hitl"}, "deny"],
	[{"deny", "require_hitl", "allow"}, "deny"],
	[{"block"}, "block"],
	[{"block", "allow"}, "block"],
	[{"block", "require_hitl"}, "block"],
	[{"block", "require_hitl", "allow"}, "block"],
	[{"block", "deny"}, "block"],
	[{"block", "deny", "allow"}, "block"],
	[{"block", "deny", "require_hitl"}, "block"],
	[{"block", "deny", "require_hitl", "allow"}, "block"],
]

finding(outcome) := {"outcome": outcome, "code": sprintf("code_%s", [outcome]), "text": "made up", "waivable": false}

from_kind(members) := decision if {
	made_up := {finding(outcome) | some outcome in members}
	decision := gatekeeper.decision with input as base
		with data.gatekeeper.common as set()
		with data.offboarding.findings as made_up
}

from_common(members) := decision if {
	made_up := {finding(outcome) | some outcome in members}
	decision := gatekeeper.decision with input as base
		with data.gatekeeper.common as made_up
		with data.offboarding.findings as set()
}

test_the_truth_table_is_complete if {
	count(truth_table) == 16
	count({row[0] | some row in truth_table}) == 16
}

test_the_strongest_outcome_wins if {
	wrong := {row |
		some row in truth_table
		some decision in [from_kind(row[0]), from_common(row[0])]
		decision.outcome != row[1]
	}
	wrong == set()
}

test_no_finding_is_a_deny_with_a_reason if {
	decision := from_kind(set())
	decision.outcome == "deny"
	startswith(decision.reasons[0], "no_rule_allows:")
}

test_an_error_in_a_kind_is_a_deny if {
	decision := gatekeeper.decision with input as base with data.offboarding.findings as {"no finding"}
	decision.outcome == "deny"
}

test_no_input_is_a_deny if {
	decision := gatekeeper.decision with input as {}
	decision.outcome == "deny"
}

test_input_of_another_type_is_a_deny if {
	every odd in [null, true, 7, "allow", ["allow"]] {
		decision := gatekeeper.decision with input as odd
		decision.outcome == "deny"
	}
}

# Objections are told, strongest first; grounds for an allow are not among them.
test_reasons_of_a_deny_come_before_those_for_a_human if {
	decision := decide(array.concat(privileged, set_to("/requester/active", false)))
	decision.outcome == "deny"
	startswith(decision.reasons[0], "requester_inactive:")
	startswith(decision.reasons[1], "privileged_account:")
	count(decision.reasons) == 2
}

test_the_threshold_itself_is_not_above_it if {
	decide(set_to("/packet/risk", 0.6)).outcome == "allow"
	decide(set_to("/packet/risk", 0.599999)).outcome == "allow"
	decide(set_to("/packet/risk", 0.600001)).outcome == "require_hitl"
}

test_the_tenant_sets_its_own_threshold if {
	lowered := set_to("/limits/risk_threshold", 0.2)
	decide(array.concat(lowered, set_to("/packet/risk", 0.2))).outcome == "allow"
	decide(array.concat(lowered, set_to("/packet/risk", 0.201))).outcome == "require_hitl"
}

test_a_limit_of_another_type_is_not_taken if {
	every odd in ["9", null, true, [], -1] {
		tampered := set_to("/limits/risk_threshold", odd)
		decide(array.concat(tampered, set_to("/packet/risk", 0.601))).outcome == "require_hitl"
	}
}

test_confidence_below_the_minimum_calls_a_human if {
	decide(set_to("/confidence", 0.7)).outcome == "allow"
	decide(set_to("/confidence", 0.699999)).outcome == "require_hitl"
	decide(set_to("/confidence", 0.39)).outcome == "require_hitl"
	decide(set_to("/confidence", 1.01)).outcome == "require_hitl"
	decide([{"op": "remove", "path": "/confidence"}]).outcome == "require_hitl"
}

autonomy_table := [
	["deny", "deny", "deny"],
	["allow", "require_hitl", "deny"],
	["allow", "allow", "require_hitl"],
	["allow", "allow", "allow"],
]

test_autonomy_level_by_risk if {
	wrong := {[level, risk] |
		some level, row in autonomy_table
		some column, risk in [0.1, 0.3, 0.7]
		patch := array.concat(set_to("/autonomy_level", level), set_to("/packet/risk", risk))
		unthresholded := array.concat(patch, set_to("/limits/risk_threshold", 1))
		decide(unthresholded).outcome != row[column]
	}
	wrong == set()
}

test_autonomy_is_no_matter_of_spelling if {
	decide(set_to("/autonomy_level", 2.0)).outcome == "allow"
	decide(set_to("/autonomy_level", 4)).outcome == "require_hitl"
	decide(set_to("/autonomy_level", 1.5)).outcome == "require_hitl"
}

# Every request we have, with the flag set, with and without everything a human can add.
additions := [
	[],
	everything,
	array.concat(everything, set_to("/packet/phase", "reinstate")),
	array.concat(everything, set_to("/packet/phase", "hard")),
]

everything := [operation |
	some patch in [
		set_to("/flags/-", "prompt_injection_cleared"),
		set_to("/approval", {
			"approved": true,
			"approvers": [{"id": "sec:nora.beck"}, {"id": "sec:otto.lang"}],
			"reentered_target": base.subject.target_ref,
		}),
		set_to("/requester/owner", true),
		set_to("/autonomy_level", 3),
		set_to("/limits", {"risk_threshold": 1, "confidence_min": 0}),
	]
	some operation in patch
]

opened(sample, changes) := {[change, addition] |
	some change in changes
	some addition in additions
	flagged := array.concat(array.concat(change, suspected), addition)
	decision := gatekeeper.decision with input as json.patch(sample, flagged)
	not decision.outcome in {"require_hitl", "deny", "block"}
}

test_no_flagged_sample_is_ever_allowed if {
	every sample in data.samples.inputs {
		opened(sample, [[]]) == set()
	}
}

# The changes in four parts, so that no test is long.
part(n) := [reasons[code][1] |
	some i, code in sort(object.keys(reasons))
	i % 4 == n
]

test_no_flagged_change_of_the_first_part_is_ever_allowed if {
	opened(base, part(0)) == set()
}

test_no_flagged_change_of_the_second_part_is_ever_allowed if {
	opened(base, part(1)) == set()
}

test_no_flagged_change_of_the_third_part_is_ever_allowed if {
	opened(base, part(2)) == set()
}

test_no_flagged_change_of_the_fourth_part_is_ever_allowed if {
	opened(base, part(3)) == set()
}

order := {"allow": 0, "require_hitl": 1, "deny": 2, "block": 3}

# Adding a deny to whatever was found never opens anything.
test_adding_a_deny_never_widens if {
	wider := {row[0] |
		some row in truth_table
		before := from_kind(row[0]).outcome
		after := from_kind(row[0] | {"deny"}).outcome
		order[after] < order[before]
	}
	wider == set()
}

# Any change of the table above on top of any other leaves the outcome at least as strict.
test_two_objections_are_as_strict_as_each if {
	independent := {"malformed_input", "time_missing", "requester_inactive", "unknown_flag", "low_confidence", "risk_threshold"}
	wider := {[a, b] |
		some a in independent
		some b in independent
		after := decide(array.concat(reasons[a][1], reasons[b][1])).outcome
		order[after] < order[reasons[a][0]]
	}
	wider == set()
}

test_approval_answers_what_may_be_answered if {
	decision := decide(array.concat(privileged, approved))
	decision.outcome == "allow"
	contains(decision.reasons[1], "approved by sec:nora.beck")
}

test_approval_never_answers_a_deny_or_a_block if {
	decide(array.concat(approved, set_to("/requester/active", false))).outcome == "deny"
	decide(array.concat(approved, set_to("/hris/record/legal_hold", true))).outcome == "block"
}

# A kind that says nothing is no ground, however many people approve what the rest found.
test_approval_alone_is_no_ground if {
	decision := gatekeeper.decision with input as json.patch(base, array.concat(approved, set_to("/confidence", 0.5)))
		with data.offboarding.findings as set()
	decision.outcome == "deny"
}

test_approval_counts_people if {
	twice := set_to("/approval", {"approved": true, "approvers": [{"id": "sec:nora.beck"}, {"id": " SEC:nora.beck"}]})
	two := set_to("/approval", {"approved": true, "approvers": [{"id": "sec:nora.beck"}, {"id": "sec:otto.lang"}]})
	needed := array.concat(privileged, set_to("/limits/approve", 2))
	decide(array.concat(needed, twice)).outcome == "require_hitl"
	decide(array.concat(needed, two)).outcome == "allow"
}

test_no_limit_makes_an_approval_of_nobody if {
	nobody := set_to("/approval", {"approved": true, "approvers": []})
	none := set_to("/limits", {"approve": 0, "deny": 0})
	decision := decide(array.concat(array.concat(privileged, nobody), none))
	decision.outcome == "require_hitl"
	decision.approvers == {"group": "security", "approve": 1, "deny": 1}
}

test_members_of_another_type_are_malformed if {
	every patch in [
		set_to("/subject/roles", ["Member", 7]),
		set_to("/flags", [null]),
		set_to("/history/escalations", ["root"]),
	] {
		decide(patch).outcome == "deny"
		"malformed_input" in codes(patch)
	}
}

# One row a fact that the rules read: none of them may be of a type the rules do not expect.
test_every_fact_of_another_type_denies if {
	open := {path |
		some section in data.facts.shapes
		some field, type in section.fields
		path := array.concat(section.path, [field])
		decision := gatekeeper.decision with input as object.union(base, nested(path, another(type)))
		decision.outcome != "deny"
	}
	open == set()
}

another("boolean") := 1

another(type) if type != "boolean"

nested(path, value) := {path[0]: value} if count(path) == 1

nested(path, value) := {path[0]: {path[1]: value}} if count(path) == 2

nested(path, value) := {path[0]: {path[1]: {path[2]: value}}} if count(path) == 3

test_high_risk_asks_one_more_person if {
	decide(privileged).approvers == {"group": "security", "approve": 1, "deny": 1}
	decide(array.concat(privileged, set_to("/packet/risk", 0.7))).approvers.approve == 2
	decide(array.concat(privileged, set_to("/packet/risk", 0.69))).approvers.approve == 1
}

test_approval_in_time_counts if {
	later := set_to("/approval/valid_until_ns", base.time.ns + 1)
	decide(array.concat(array.concat(privileged, approved), later)).outcome == "allow"
}

test_the_group_of_the_first_concern_is_asked if {
	owner := set_to("/ownership/owned", [{"system": "billing", "environment": "prod"}])
	stale := set_to("/hris/fetched_at_ns", 1)
	decide(stale).approvers.group == "people-ops"
	decide(array.concat(stale, owner)).approvers.group == "system-owners"
	decide(array.concat(array.concat(stale, owner), privileged)).approvers.group == "security"
	decide(array.concat(stale, suspected)).approvers.group == "security"
}

test_a_suspicion_asks_for_the_target_first if {
	scrubbed := array.concat(suspected, set_to("/subject", {"id": null, "target": null, "target_ref": null}))
	"reenter_target" in decide(scrubbed).obligations
	typed := array.concat(array.concat(scrubbed, approved), set_to("/approval/reentered_target", "mira.holm@example.com"))
	two := array.concat(typed, set_to("/approval/approvers/-", {"id": "sec:otto.lang"}))
	decision := decide(two)
	decision.outcome == "require_hitl"
	"reissue_packet" in decision.obligations
	not "reenter_target" in decision.obligations
}

test_the_packet_made_anew_needs_the_same_target if {
	cleared := array.concat(set_to("/flags", ["prompt_injection_cleared"]), approved)
	same := set_to("/approval/reentered_target", base.subject.target_ref)
	other := set_to("/approval/reentered_target", "somebody.else@example.com")
	decide(array.concat(cleared, same)).outcome == "allow"
	decide(array.concat(cleared, other)).outcome == "require_hitl"
	decide(cleared).outcome == "require_hitl"
}

test_obligations_by_phase if {
	decide([]).obligations == ["record", "snapshot", "read_back", "schedule_hard"]
	decide(privileged).obligations == ["record", "ask_human"]
	decide(set_to("/hris/record/legal_hold", true)).obligations == ["record", "alert_security"]
	decide(set_to("/packet/kind", "promote")).obligations == ["record"]
}

test_risk_adds_weights_and_stops_at_one if {
	decide(privileged).risk == 0.4
	decide(array.concat(privileged, set_to("/packet/risk", 0.1))).risk == 0.4
	decide(array.concat(privileged, set_to("/packet/risk", 0.5))).risk == 0.5
	decide(set_to("/packet/risk", 17)).risk == 1
	decide(set_to("/packet/risk", -3)).risk == 0
}
