# METADATA
# title: Rules of every kind
# authors:
#   - Ann Example <ann@example.org>
package rules["of every"].kind

import data.lib.names as n
import input.user
import rego.v1

default allow := false

default limit(_) := {"soft": [1, 2.50, 1e3], "none": null}

# METADATA
# description: a rule with else
# entrypoint: true
allow if {
	user.role == "admin"
	not denied[user.name]
} else := "maybe" if user.guest
else := false

allow if { input.a } { input.b }

denied contains name if some name in input.denied

denied contains "root"

by_name[name] := entry if {
	some i, entry in input.list
	name := entry.name; i >= 0
}

a.b[x].c if x := input.x

area(w, _, [h]) := w * h if h > 0

area(_, _, null) := 0

unit

:= -input.x + 1 - -2 * (3 / 4) % 5

keywords.default.not := input["if"].else[n.with]
