# The limits of a delegation. It never grants anything: it can only take away.
package access

import data.facts

delegation := input.delegation if is_object(input.delegation)

findings contains deny("delegation_revoked", "the delegation has been revoked") if {
	object.get(delegation, "revoked", false) != false
}

findings contains deny("delegation_not_yours", "the delegation was given to somebody else") if {
	delegation
	not yours
}

findings contains deny("delegation_self", "a delegation to oneself is none") if {
	facts.same_name(delegation.delegator, delegation.delegatee)
}

findings contains deny("delegation_expired", "the delegation has expired") if {
	limited("expires_at_ns")
	not in_time
}

findings contains deny("delegation_used_up", "the delegation has no uses left") if {
	limited("max_uses")
	not uses_left
}

findings contains deny("delegation_amount", "the amount is above the delegation's limit") if {
	limited("max_amount")
	not amount_within
}

findings contains deny("delegation_operation", "the delegation does not include this operation") if {
	limited("allowed_operations")
	not operation_within
}

findings contains deny("delegation_scope", "the delegation is for another place") if {
	limited("scope")
	not place_within
}

findings contains deny("delegation_address", "the delegation does not include this address") if {
	limited("ip_whitelist")
	not address_within
}

findings contains deny("delegation_hours", "the delegation does not hold at this hour") if {
	limited("allowed_hours")
	not hour_within
}

findings contains deny("delegation_days", "the delegation does not hold on this day") if {
	limited("allowed_days")
	not day_within
}

# A limit that is written down is a limit, even where its value cannot be read: then nothing passes.
limited(name) if object.get(delegation, name, null) != null

# What is asked under `not` has a name of its own and no arguments: a call there whose argument is
# undefined makes the whole rule undefined, and a limit would go unheard.
yours if facts.same_name(delegation.delegatee, input.requester.id)

operation_within if request.operation in delegation.allowed_operations

place_within if covers(delegation.scope, request.scope)

day_within if weekday in delegation.allowed_days

in_time if {
	is_number(delegation.expires_at_ns)
	facts.now_ns < delegation.expires_at_ns
}

uses_left if {
	is_number(delegation.used)
	is_number(delegation.max_uses)
	delegation.used < delegation.max_uses
}

amount_within if {
	is_number(request.amount)
	is_number(delegation.max_amount)
	request.amount >= 0
	request.amount <= delegation.max_amount
	object.get(request, "currency", "") == object.get(delegation, "currency", "")
}

address_within if {
	some range in delegation.ip_whitelist
	net.cidr_contains(range, request.ip)
}

# From the first hour up to, and not including, the second; a window may pass midnight.
hour_within if {
	delegation.allowed_hours.from <= hour
	hour < delegation.allowed_hours.to
}

hour_within if {
	delegation.allowed_hours.from > delegation.allowed_hours.to
	some bound in [delegation.allowed_hours.from <= hour, hour < delegation.allowed_hours.to]
	bound
}

# Local time is UTC plus the offset that intake found for the time zone. Without it only UTC is known.
local_seconds := floor(facts.now_ns / 1000000000) + offset

offset := input.time.offset_seconds if {
	is_number(input.time.offset_seconds)
} else := 0 if {
	object.get(input, ["time", "tz"], "UTC") == "UTC"
}

hour := floor(local_seconds / 3600) % 24

# Monday is 1 and Sunday 7. The first of January 1970 was a Thursday.
weekday := ((floor(local_seconds / 86400) + 3) % 7) + 1
