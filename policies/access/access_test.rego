package access_test

import data.access
import data.gatekeeper

set_to(path, value) := [{"op": "add", "path": path, "value": value}]

gone(path) := [{"op": "remove", "path": path}]

now := data.samples.inputs.allow.time.ns

base := object.union(data.samples.inputs.allow, {
	"packet": {"kind": "access", "access": {
		"action": "files:Write",
		"scope": "console/workspace/w1/office/3",
		"operation": "write",
		"workflow_id": "wf-1",
		"amount": 10,
		"currency": "EUR",
		"ip": "10.1.2.3",
	}},
	"subject": {},
	"requester": {"id": "agent:7", "active": true, "owner": false},
	"capabilities": [{
		"id": "g1",
		"capability": "files",
		"level": "competent",
		"scope": "console/workspace/w1",
		"exp_ns": now + 1,
	}],
})

found(patch) := findings if {
	findings := access.findings with input as json.patch(base, patch)
}

codes(patch) := {finding.code | some finding in found(patch)}

outcome(patch) := got if {
	got := gatekeeper.decision.outcome with input as json.patch(base, patch)
}

critical := array.concat(
	set_to("/packet/access/action", "keys:Rotate"),
	array.concat(set_to("/capabilities/0/capability", "keys"), set_to("/capabilities/0/level", "advanced")),
)

simple := array.concat(
	set_to("/packet/access/action", "sessions:Revoke"),
	array.concat(set_to("/capabilities/0/capability", "sessions"), set_to("/capabilities/0/level", "basic")),
)

deny_grant(grant) := set_to("/capabilities/-", object.union({"id": "d1", "effect": "deny"}, grant))

owner := set_to("/requester/owner", true)

lent(limits) := set_to("/delegation", object.union(
	{"id": "del-1", "delegator": "user:1", "delegatee": "agent:7"},
	limits,
))

# One row a reason: the outcome of the whole decision, and the change that brings it about.
reasons := {
	"unknown_action": ["deny", set_to("/packet/access/action", "files:Shred")],
	"scope_missing": ["deny", gone("/packet/access/scope")],
	"explicit_deny": ["deny", deny_grant({"capability": "files", "scope": "console"})],
	"grant_unreadable": ["deny", set_to("/capabilities/0/effect", "perhaps")],
	"capability_missing": ["deny", set_to("/capabilities", [])],
	"capability_revoked": ["deny", set_to("/capabilities/0/revoked", true)],
	"capability_expired": ["deny", set_to("/capabilities/0/exp_ns", now)],
	"scope_mismatch": ["deny", set_to("/capabilities/0/scope", "console/workspace/w2")],
	"workflow_mismatch": ["deny", set_to("/capabilities/0/workflow_id", "wf-2")],
	"capability_level_too_low": ["deny", set_to("/capabilities/0/level", "basic")],
	"capability_held": ["allow", []],
	"owner_bypass": ["allow", array.concat(owner, set_to("/capabilities", []))],
	"supervised_level": ["require_hitl", simple],
	"critical_action": ["require_hitl", critical],
	"delegation_revoked": ["deny", lent({"revoked": true})],
	"delegation_not_yours": ["deny", lent({"delegatee": "agent:8"})],
	"delegation_self": ["deny", lent({"delegator": "agent:7"})],
	"delegation_expired": ["deny", lent({"expires_at_ns": now})],
	"delegation_used_up": ["deny", lent({"max_uses": 3, "used": 3})],
	"delegation_amount": ["deny", lent({"max_amount": 9.99, "currency": "EUR"})],
	"delegation_operation": ["deny", lent({"allowed_operations": ["read"]})],
	"delegation_scope": ["deny", lent({"scope": "console/workspace/w1/office/4"})],
	"delegation_address": ["deny", lent({"ip_whitelist": ["10.2.0.0/16"]})],
	"delegation_hours": ["deny", lent({"allowed_hours": {"from": 1, "to": 2}})],
	"delegation_days": ["deny", lent({"allowed_days": [6, 7]})],
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
	codes([]) == {"capability_held"}
}

# Rows are the levels held, columns the levels asked for.
test_levels_are_ordered if {
	asked := ["sessions:Revoke", "files:Write", "shell:Run", "databases:Drop"]
	wrong := {[i, j] |
		some i, level in ["basic", "competent", "advanced", "expert"]
		some j, name in asked
		grant := [
			set_to("/packet/access/action", name),
			set_to("/capabilities/0/capability", data.access.actions[name].capability),
			set_to("/capabilities/0/level", level),
		]
		patch := [op | some ops in grant; some op in ops]
		held := "capability_held" in codes(patch)
		expected := i >= j
		held != expected
	}
	wrong == set()
	"capability_held" in codes(set_to("/capabilities/0/level", "intermediate"))
	not "capability_held" in codes(set_to("/capabilities/0/level", "wizard"))
}

test_an_expert_does_the_critical_alone if {
	outcome(array.concat(critical, set_to("/capabilities/0/level", "expert"))) == "allow"
}

# Rows are scopes granted, columns the place asked for.
test_scopes_cover_what_lies_below if {
	places := [
		"console",
		"console/workspace/w1",
		"console/workspace/w1/office/3",
		"console/workspace/w1/office/3/namespace/n1",
	]
	wrong := {[i, j] |
		some i, scope in places
		some j, place in places
		patch := array.concat(set_to("/capabilities/0/scope", scope), set_to("/packet/access/scope", place))
		held := "capability_held" in codes(patch)
		expected := i <= j
		held != expected
	}
	wrong == set()
}

asked_at(place) := codes(array.concat(
	set_to("/capabilities/0/scope", "console/workspace/w1/office/3"),
	set_to("/packet/access/scope", place),
))

test_scopes_are_compared_by_segment if {
	"scope_mismatch" in asked_at("console/workspace/w1/office/30")
	"scope_mismatch" in asked_at("console/workspace/w1/office")
	"scope_missing" in asked_at("console/workspace/w1/office/3/../4")
	"scope_missing" in asked_at("console//workspace")
	"scope_missing" in asked_at("")
	"scope_missing" in asked_at("**")
	"capability_held" in asked_at("/console/workspace/w1/office/3/")
}

test_everywhere_must_be_written if {
	"capability_held" in codes(set_to("/capabilities/0/scope", "**"))
	"scope_mismatch" in codes(gone("/capabilities/0/scope"))
	"scope_mismatch" in codes(set_to("/capabilities/0/scope", "*"))
	"scope_mismatch" in codes(set_to("/capabilities/0/scope", ""))
}

test_a_grant_without_expiry_holds_and_one_with_an_odd_expiry_does_not if {
	"capability_held" in codes(gone("/capabilities/0/exp_ns"))
	"capability_expired" in codes(set_to("/capabilities/0/exp_ns", "never"))
}

test_a_grant_for_this_workflow_holds if {
	"capability_held" in codes(set_to("/capabilities/0/workflow_id", "wf-1"))
	"workflow_mismatch" in codes(array.concat(set_to("/capabilities/0/workflow_id", "wf-1"), gone("/packet/access/workflow_id")))
}

test_a_deny_beats_every_allow if {
	every grant in [{}, {"capability": "*"}, {"scope": "**"}, {"scope": "not//a/path"}, {"capability": "files", "scope": "console"}] {
		outcome(deny_grant(grant)) == "deny"
		outcome(array.concat(deny_grant(grant), owner)) == "deny"
	}
	outcome(deny_grant({"capability": "payments.refund"})) == "allow"
	outcome(deny_grant({"scope": "console/workspace/w2"})) == "allow"
}

test_the_owner_gets_past_a_missing_grant_only if {
	missing := array.concat(owner, set_to("/capabilities", []))
	outcome(missing) == "allow"
	outcome(array.concat(missing, deny_grant({}))) == "deny"
	outcome(array.concat(missing, set_to("/requester/id", "svc:retired-importer"))) == "block"
	outcome(array.concat(missing, set_to("/requester/active", false))) == "deny"
	outcome(array.concat(missing, gone("/requester/active"))) == "deny"
	outcome(array.concat(missing, lent({"revoked": true}))) == "deny"
	outcome(array.concat(missing, set_to("/packet/access/action", "files:Shred"))) == "deny"
	outcome(array.concat(missing, set_to("/flags", ["prompt_injection_suspected"]))) == "require_hitl"
}

test_the_use_of_the_bypass_is_recorded if {
	decision := gatekeeper.decision with input as json.patch(base, array.concat(owner, set_to("/capabilities", [])))
	"record_override" in decision.obligations
	ordinary := gatekeeper.decision with input as json.patch(base, owner)
	not "record_override" in ordinary.obligations
}

test_a_delegation_within_its_limits_changes_nothing if {
	kept := {name |
		some name, limits in {
			"none": {},
			"expiry": {"expires_at_ns": now + 1},
			"uses": {"max_uses": 3, "used": 2},
			"amount": {"max_amount": 10.00, "currency": "EUR"},
			"operation": {"allowed_operations": ["read", "write"]},
			"scope": {"scope": "console/workspace/w1/office"},
			"everywhere": {"scope": "**"},
			"address": {"ip_whitelist": ["192.168.0.0/16", "10.1.0.0/16"]},
			"hours": {"allowed_hours": {"from": 0, "to": 24}},
			"nothing written": {"max_uses": null, "allowed_days": null},
		}
		outcome(lent(limits)) == "allow"
	}
	count(kept) == 10
}

# A limit that cannot be read lets nothing through.
test_odd_limits_deny if {
	open := {limits |
		some limits in [
			{"expires_at_ns": "2031-01-01"},
			{"max_uses": 3},
			{"max_uses": "3", "used": 1},
			{"max_amount": "100", "currency": "EUR"},
			{"max_amount": 100, "currency": "USD"},
			{"max_amount": 100},
			{"allowed_operations": []},
			{"scope": "console//workspace"},
			{"ip_whitelist": []},
			{"allowed_hours": {}},
			{"allowed_hours": {"from": 8}},
			{"allowed_days": []},
		]
		outcome(lent(limits)) != "deny"
	}
	open == set()
}

asked_for(amount) := outcome(array.concat(
	lent({"max_amount": 1000, "currency": "EUR"}),
	set_to("/packet/access/amount", amount),
))

# What a limit speaks of must be in the request.
test_limits_on_what_the_request_leaves_out_deny if {
	open := {path |
		some path, limits in {
			"/packet/access/operation": {"allowed_operations": ["write"]},
			"/packet/access/scope": {"scope": "**"},
			"/packet/access/amount": {"max_amount": 100, "currency": "EUR"},
			"/packet/access/ip": {"ip_whitelist": ["0.0.0.0/0"]},
			"/time/ns": {"expires_at_ns": now + 1},
			"/requester/id": {},
		}
		outcome(array.concat(lent(limits), gone(path))) != "deny"
	}
	open == set()
	"delegation_operation" in codes(array.concat(lent({"allowed_operations": ["write"]}), gone("/packet/access/operation")))
	"delegation_not_yours" in codes(array.concat(lent({}), gone("/requester/id")))
}

test_amounts_are_exact_decimals if {
	asked_for(1000.00) == "allow"
	asked_for(1e3) == "allow"
	asked_for(1000.01) == "deny"
	asked_for(1000.0000000000000001) == "deny"
	asked_for(-1) == "deny"
}

local(limits, offset) := outcome(array.concat(lent(limits), set_to("/time/offset_seconds", offset)))

# The base time is Friday the 21st of November 2025, 00:00 UTC.
test_local_hours_and_days if {
	local({"allowed_hours": {"from": 9, "to": 17}}, 9 * 3600) == "allow"
	local({"allowed_hours": {"from": 9, "to": 17}}, (17 * 3600) - 1) == "allow"
	local({"allowed_hours": {"from": 9, "to": 17}}, 17 * 3600) == "deny"
	local({"allowed_hours": {"from": 22, "to": 6}}, 0) == "allow"
	local({"allowed_hours": {"from": 22, "to": 6}}, -3600) == "allow"
	local({"allowed_hours": {"from": 22, "to": 6}}, 6 * 3600) == "deny"
	local({"allowed_days": [5]}, 0) == "allow"
	local({"allowed_days": [4]}, 0) == "deny"
	local({"allowed_days": [4]}, -1) == "allow"
	unknown := array.concat(lent({"allowed_days": [5]}), set_to("/time/tz", "Europe/Berlin"))
	outcome(unknown) == "deny"
}

test_reading_is_open_to_every_autonomy_level if {
	read := array.concat(set_to("/packet/access/action", "files:Read"), set_to("/autonomy_level", 0))
	outcome(read) == "allow"
	outcome(set_to("/autonomy_level", 0)) == "deny"
}

# Adding any grant that denies never opens anything.
test_adding_a_deny_never_widens if {
	order := {"allow": 0, "require_hitl": 1, "deny": 2, "block": 3}
	wider := {[code, place] |
		some code, row in reasons
		some place in ["console", "console/workspace/w2"]
		before := row[0]
		after := outcome(array.concat(row[1], deny_grant({"scope": place})))
		order[after] < order[before]
	}
	wider == set()
}
