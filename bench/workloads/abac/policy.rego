# Attributes of the subject, the resource and the surroundings.
package abac

default allow := false

allow if {
	input.action in {"read", "list"}
	input.subject.department == input.resource.department
	cleared
	not restricted
}

allow if {
	input.action in {"read", "list", "write", "share"}
	input.subject.id == input.resource.owner
	input.environment.device.managed
}

allow if {
	input.action == "approve"
	input.subject.title == "manager"
	input.subject.id != input.resource.owner
	input.resource.amount <= data.approval_limits[input.subject.grade]
}

cleared if data.clearances[input.subject.clearance] >= data.clearances[input.resource.classification]

restricted if {
	input.resource.export_controlled
	input.subject.region != input.resource.region
}

restricted if {
	input.environment.risk > 70
	not input.environment.device.managed
}
