# What scripts/demo prints of the answers it gets: one rule a line of text.
package demo

payload := json.unmarshal(base64url.decode(json.unmarshal(input.jws).payload))

# ---- Of a request ----

request := sprintf("%s asks: %s %s (%s)", [
	input.requested_by,
	input.kind,
	input.subject.id,
	input.subject.target_ref,
])

# ---- Of the gatekeeper's answer ----

reasons := concat("\n", input.decision.reasons)

packet := sprintf("signed packet %s... by %s, for %s, ledger entry %d", [
	substring(payload.jti, 0, 13),
	concat(" and ", signers),
	payload.aud,
	payload.ledger.index,
])

signers := [text |
	some signature in json.unmarshal(input.jws).signatures
	header := json.unmarshal(base64url.decode(signature.protected))
	text := sprintf("%s (%s)", [header.kid, header.alg])
]

# ---- Of the doer's job ----

steps := concat("\n", [text |
	some step in input.steps
	seen := concat(", ", [sprintf("%s %v", [name, value]) | some name, value in step.observed])
	lease := substring(step.lease.id, count(step.lease.id) - 12, -1)
	text := sprintf("%v %-26s %s: %s; lease ...%s %s", [
		step.n,
		step.op,
		lower(step.state),
		seen,
		lease,
		step.lease.state,
	])
])

continued(phase) := [next.state | some next in input.continued_by; next.phase == phase][0]

hard := continued("hard")

reinstate := continued("reinstate")

# ---- Of the directory ----

account := sprintf("active: %v, groups: %d", [input.active, count(object.get(input, "groups", []))])

effects := concat("\n", [sprintf("%s %s: %s", [effect.method, effect.path, effect.what]) |
	some effect in input.effects
])
