package staff

import data.groups

default allow := false

allow if {
	not banned[role]
	role = needed[input.action]
	input.user in groups[role].members
}

needed := {"read": "readers", "write": "editors"}

banned contains role if some role in input.closed
