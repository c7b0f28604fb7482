package samples_test

import data.gatekeeper

test_every_sample_has_its_outcome if {
	wrong := {name |
		some name, want in data.samples.expected
		not gatekeeper.decision.outcome == want.outcome with input as data.samples.inputs[name]
	}
	wrong == set()
}

test_every_sample_tells_its_reasons if {
	silent := {[name, code] |
		some name, want in data.samples.expected
		codes := gatekeeper.codes with input as data.samples.inputs[name]
		some code in want.codes
		not code in codes
	}
	silent == set()
}

test_every_packet_has_an_input_and_an_expectation if {
	object.keys(data.samples.packets) == object.keys(data.samples.inputs)
	object.keys(data.samples.packets) == object.keys(data.samples.expected)
}

# Intake as the README describes it, so that packet and input cannot drift apart.
intake(packet, filled) := object.union(filled, {
	"subject": object.union(packet.context.subject, packet.subject),
	"requester": object.union(packet.context.requester, {"id": packet.requested_by}),
	"hris": packet.context.hris,
	"ownership": packet.context.ownership,
	"history": packet.context.history,
})

test_packets_yield_the_outcome_of_their_inputs if {
	wrong := {name |
		some name, packet in data.samples.packets
		not packet.raw
		filled := data.samples.inputs[name]
		want := gatekeeper.decision with input as filled
		got := gatekeeper.decision with input as intake(packet, filled)
		want != got
	}
	wrong == set()
}

test_the_injection_is_in_the_free_text_alone if {
	with_text := {name | data.samples.packets[name].raw}
	with_text == {"injection"}
}

test_the_privileged_sample_is_allowed_once_approved if {
	approved := object.union(data.samples.inputs.require_hitl, {"approval": {
		"approved": true,
		"approvers": [{"id": "sec:nora.beck", "active": true}],
	}})
	decision := gatekeeper.decision with input as approved
	decision.outcome == "allow"
	every reason in decision.reasons {
		startswith(reason, "privileged_account:") == endswith(reason, "(approved by sec:nora.beck)")
	}
}
