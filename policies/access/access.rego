# Access: may this principal do this action at this place? The answer comes from the capabilities
# that were granted to it, and from the limits of the delegation under which it acts, if any.
package access

import data.facts

request := input.packet.access

action := data.access.actions[request.action]

findings contains deny("unknown_action", "the action is not in the catalogue") if not action

findings contains deny("scope_missing", "the request names no place in the hierarchy") if {
	not scope_named
}

scope_named if count(path_of(request.scope)) > 0

# A deny binds everybody, the owner too.
findings contains deny("explicit_deny", sprintf("the grant %v denies it", [grant_name(grant)])) if {
	some grant in input.capabilities
	denies(grant)
}

findings contains deny("grant_unreadable", sprintf("the grant %v has an unknown effect", [grant_name(grant)])) if {
	some grant in input.capabilities
	not object.get(grant, "effect", "allow") in ["allow", "deny"]
}

# A deny that names no capability, or no place that can be read, is a deny of all of them.
denies(grant) if {
	grant.effect == "deny"
	object.get(grant, "capability", "*") in {"*", action.capability}
	denied_here(grant)
}

denied_here(grant) if not path_of(object.get(grant, "scope", null))

denied_here(grant) if covers(grant.scope, request.scope)

# The tenant's creator gets past a missing grant and past nothing else.
findings contains finding if {
	not granted
	not owner_bypass
	some finding in missing_grant
}

findings contains allow("owner_bypass", "the tenant's owner acts without a grant") if {
	owner_bypass
	not granted
}

findings contains allow("capability_held", sprintf("the grant %v covers it", [grant_name(grant)])) if {
	some grant in usable
}

granted if count(usable) > 0

owner_bypass if {
	action
	scope_named
	input.requester.owner == true
	input.requester.active == true
}

# Simple, supervised work: the beginner does it with somebody looking on.
findings contains hitl("supervised_level", "the capability is held at the supervised level only", "security") if {
	granted
	max(levels_held) <= data.access.supervised_level
}

findings contains hitl("critical_action", "the action is critical and its holder is not an expert", "security") if {
	granted
	action.critical == true
	max(levels_held) < data.access.expert_level
}

levels_held contains level_of(grant) if some grant in usable

# The first part of a grant that does not fit is its reason, so that a reason is never a riddle.
missing_grant contains deny("capability_missing", "the requester does not hold the capability") if {
	action
	count(held) == 0
}

missing_grant contains finding if {
	some grant in held
	finding := defect(grant)
}

held contains grant if {
	some grant in input.capabilities
	object.get(grant, "effect", "allow") == "allow"
	grant.capability == action.capability
}

usable contains grant if {
	some grant in held
	not defect(grant)
}

defect(grant) := deny("capability_revoked", sprintf("the grant %v has been revoked", [grant_name(grant)])) if {
	object.get(grant, "revoked", false) != false
} else := deny("capability_expired", sprintf("the grant %v has expired", [grant_name(grant)])) if {
	expired(grant)
} else := deny("scope_mismatch", sprintf("the grant %v is for another place", [grant_name(grant)])) if {
	not placed(grant)
} else := deny("workflow_mismatch", sprintf("the grant %v is for another workflow", [grant_name(grant)])) if {
	object.get(grant, "workflow_id", null) != null
	not in_workflow(grant)
} else := deny("capability_level_too_low", sprintf("the grant %v is below the level asked for", [grant_name(grant)])) if {
	not skilled(grant)
}

# No expiry is none; one that cannot be read, or that cannot be compared, has passed.
expired(grant) if {
	object.get(grant, "exp_ns", null) != null
	not before_expiry(grant)
}

before_expiry(grant) if {
	is_number(grant.exp_ns)
	facts.now_ns < grant.exp_ns
}

# Each of these is asked under `not` with the grant alone: an argument that may be undefined belongs in
# here, as under `not` it would make the asking rule undefined.
placed(grant) if covers(grant.scope, request.scope)

in_workflow(grant) if grant.workflow_id == request.workflow_id

skilled(grant) if level_of(grant) >= data.access.levels[action.min_level]

level_of(grant) := data.access.levels[grant.level]

grant_name(grant) := object.get(grant, "id", "without a name")

# "**" is every place and must be written; any other scope covers itself and what lies below it.
# Whole segments are compared, so that office 3 does not cover office 30.
covers("**", _)

covers(outer, inner) if {
	outer != "**"
	above := path_of(outer)
	below := path_of(inner)
	count(above) > 0
	count(above) <= count(below)
	above == array.slice(below, 0, count(above))
}

# An empty segment or a step upwards makes a path unusable.
path_of(text) := segments if {
	is_string(text)
	segments := split(trim(text, "/"), "/")
	every segment in segments {
		not segment in {"", ".", "..", "*", "**"}
	}
}

deny(code, text) := {"outcome": "deny", "code": code, "text": text}

allow(code, text) := {"outcome": "allow", "code": code, "text": text}

hitl(code, text, group) := {
	"outcome": "require_hitl",
	"code": code,
	"text": text,
	"group": group,
	"waivable": true,
}
