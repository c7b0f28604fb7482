# Reasons against a deployment, each a sentence; the answer is the set of them.
package deployment

deny contains msg if {
	some service in input.services
	service.replicas < data.minimum[input.environment]
	msg := sprintf("%s: %d replicas, %s needs %d", [service.name, service.replicas, input.environment, data.minimum[input.environment]])
}

deny contains msg if {
	some service in input.services
	not service.owner
	msg := sprintf("%s: no owner", [service.name])
}

deny contains msg if {
	input.environment == "production"
	some service in input.services
	endswith(service.image, ":latest")
	msg := sprintf("%s: image %q is not pinned", [service.name, service.image])
}

deny contains msg if {
	some service in input.services
	some port in service.ports
	port in data.forbidden_ports
	msg := sprintf("%s: port %d must stay closed", [service.name, port])
}

deny contains msg if {
	input.environment == "production"
	not input.change.approved
	msg := sprintf("change %v is not approved", [input.change.id])
}
