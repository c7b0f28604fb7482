# What must have happened before the hard phase, and until when a reinstatement is possible.
package offboarding

import data.facts

window_seconds := facts.limit("window_seconds")

soft_done if {
	input.history.soft.done == true
	is_number(input.history.soft.done_at_ns)
}

since_soft := (facts.now_ns - input.history.soft.done_at_ns) / 1000000000 if soft_done

findings contains deny("soft_not_done", "the soft phase has not been completed") if {
	input.packet.phase in ["hard", "reinstate"]
	not soft_done
	not partial
}

findings contains deny("soft_partial", "a step of the soft phase is still open") if {
	input.packet.phase == "hard"
	partial
}

partial if input.history.soft.partial == true

findings contains deny("window_open", "the window for reinstatement is still open") if {
	input.packet.phase == "hard"
	not window_passed
}

window_passed if since_soft >= window_seconds

findings contains deny("reinstated", "the subject has been reinstated") if {
	taking_away
	input.history.soft.reinstated == true
}

# What cannot be undone waits for a clock that can be trusted.
findings contains deny("clock_untrusted", "no hard phase while the clock is suspect") if {
	input.packet.phase == "hard"
	"clock_suspect" in facts.flags
}

findings contains deny("window_closed", "the window for reinstatement has closed") if {
	input.packet.phase == "reinstate"
	not reinstate_in_time
}

findings contains allow("reinstate_in_window", "the soft phase can still be taken back") if {
	input.packet.phase == "reinstate"
	reinstate_in_time
}

# A partial soft phase has no closing time yet: giving back what was taken is always possible.
reinstate_in_time if partial

reinstate_in_time if since_soft < window_seconds
