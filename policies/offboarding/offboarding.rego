# Offboarding: taking a person's account away, softly at first, for good later, or giving it back.
package offboarding

import data.facts

taking_away if input.packet.phase in ["soft", "hard"]

# While the target is scrubbed nothing can be looked up about it; that nothing is there tells nothing.
looked_up if {
	taking_away
	not facts.injection_suspected
}

findings contains deny("unknown_phase", "the packet's phase is not soft, hard or reinstate") if {
	not known_phase
}

known_phase if input.packet.phase in ["soft", "hard", "reinstate"]

# A scrubbed target is the injection filter's doing; that finding calls a human on its own.
findings contains deny("target_missing", "the packet names no account at the target") if {
	not facts.injection_suspected
	not target_named
}

findings contains deny("target_unsupported", "the target system is not one this policy knows") if {
	not facts.injection_suspected
	not target_known
}

findings contains deny("target_not_found", "the target system has no such account") if {
	input.subject.exists == false
}

target_named if {
	facts.name_of(input.subject.id) != ""
	facts.name_of(input.subject.target_ref) != ""
}

target_known if input.subject.target in data.offboarding.targets

findings contains deny("requester_is_subject", "nobody can ask for this about themselves") if {
	facts.name_of(input.requester.id) in facts.subject_names
}

# Legal hold preserves evidence: it stops every step that could lose some, and no approval helps.
findings contains block("legal_hold", "the subject is under legal hold") if {
	taking_away
	held
}

held if input.hris.record.legal_hold == true

held if {
	some name in data.offboarding.legal_holds
	facts.name_of(name) in facts.subject_names
}

findings contains deny("last_admin", "the target would be left without an administrator") if {
	taking_away
	privileged
	input.subject.admins_remaining <= 0
}

findings contains hitl("privileged_account", sprintf("the account is privileged by %s", [grant]), "security") if {
	taking_away
	some grant in privileged_by
}

# No list of roles is not an empty list.
findings contains hitl("privileges_unknown", sprintf("the %s of the account are not known", [list]), "security") if {
	looked_up
	some list in ["roles", "groups"]
	not is_array(object.get(input, ["subject", list], null))
}

privileged if count(privileged_by) > 0

privileged_by contains sprintf("the role %q", [role]) if {
	some role in input.subject.roles
	some name in data.offboarding.privileged_roles
	facts.same_name(role, name)
}

privileged_by contains sprintf("the group %q", [group]) if {
	some group in input.subject.groups
	some name in data.offboarding.privileged_groups
	facts.same_name(group, name)
}

privileged_by contains sprintf("the group %q", [group]) if {
	some group in input.subject.groups
	some pattern in data.offboarding.privileged_group_patterns
	regex.match(pattern, facts.name_of(group))
}

findings contains hitl("production_owner", sprintf("the subject owns %v in production", [owned.system]), "system-owners") if {
	taking_away
	some owned in input.ownership.owned
	production(owned)
}

# An entry that does not say where it runs may run in production.
production(owned) if not is_string(object.get(owned, "environment", null))

production(owned) if facts.name_of(owned.environment) in data.offboarding.production_environments

findings contains hitl("ownership_missing", "nothing is known about what the subject owns", "system-owners") if {
	looked_up
	not is_array(object.get(input, ["ownership", "owned"], null))
}

findings contains hitl("ownership_stale", "what the subject owns was looked up too long ago", "system-owners") if {
	taking_away
	is_array(input.ownership.owned)
	not facts.fresh(input.ownership, "ownership_max_age_seconds")
}

findings contains hitl("history_missing", "nothing is known about the subject's recent escalations", "security") if {
	looked_up
	not is_array(object.get(input, ["history", "escalations"], null))
}

findings contains hitl("recent_escalation", sprintf("the subject received %v inside the window", [role]), "security") if {
	taking_away
	some escalation in input.history.escalations
	recent(escalation)
	role := object.get(escalation, "role", "more rights")
}

recent(escalation) if facts.age_seconds(escalation) <= facts.limit("escalation_window_seconds")

# Without a usable time, or with one in the future, the escalation may well be recent.
recent(escalation) if not facts.age_seconds(escalation)

deny(code, text) := {"outcome": "deny", "code": code, "text": text}

block(code, text) := {"outcome": "block", "code": code, "text": text}

allow(code, text) := {"outcome": "allow", "code": code, "text": text}

hitl(code, text, group) := {
	"outcome": "require_hitl",
	"code": code,
	"text": text,
	"group": group,
	"waivable": true,
}
