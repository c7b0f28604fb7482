# Whether a change may run now: office hours, weekends, freezes, and how old the request is.
package windows

default decision := "deny"

decision := "allow" if {
	fresh
	office_hours
	not weekend
	not frozen
}

decision := "ask" if {
	fresh
	not office_hours
	not weekend
	not frozen
	input.urgent
}

ns := time.parse_rfc3339_ns(input.at)

clock := time.clock([ns, data.zone])

weekend if time.weekday([ns, data.zone]) in {"Saturday", "Sunday"}

office_hours if {
	clock[0] >= data.opens
	clock[0] < data.closes
}

fresh if {
	age := ns - time.parse_rfc3339_ns(input.requested_at)
	age >= 0
	age <= data.maximum_age_ns
}

frozen if {
	some freeze in data.freezes
	ns >= time.parse_rfc3339_ns(freeze.from)
	ns < time.parse_rfc3339_ns(freeze.until)
}
