# Every container states limits of processor and memory, and none above the constraint's.
package limits

violation contains {"msg": msg} if {
	some container in counted
	some resource in ["cpu", "memory"]
	not container.resources.limits[resource]
	msg := sprintf("container <%v> has no %v limit", [container.name, resource])
}

violation contains {"msg": msg} if {
	some container in counted
	given := container.resources.limits.cpu
	millis(given) > millis(input.parameters.cpu)
	msg := sprintf("container <%v> has a cpu limit of <%v>, above <%v>", [container.name, given, input.parameters.cpu])
}

violation contains {"msg": msg} if {
	some container in counted
	given := container.resources.limits.memory
	bytes(given) > bytes(input.parameters.memory)
	msg := sprintf("container <%v> has a memory limit of <%v>, above <%v>", [container.name, given, input.parameters.memory])
}

violation contains {"msg": msg} if {
	some container in counted
	some resource in ["cpu", "memory"]
	given := container.resources.limits[resource]
	not readable(resource, given)
	msg := sprintf("container <%v> has an unreadable %v limit <%v>", [container.name, resource, given])
}

counted contains container if {
	some list in ["containers", "initContainers"]
	some container in input.review.object.spec[list]
	not exempt(container)
}

exempt(container) if {
	some prefix in input.parameters.exempt
	startswith(container.image, prefix)
}

readable("cpu", given) if millis(given) >= 0

readable("memory", given) if bytes(given) >= 0

millis(given) := given * 1000 if is_number(given)

millis(given) := to_number(trim_suffix(given, "m")) if {
	is_string(given)
	regex.match(`^[0-9]+m$`, given)
}

millis(given) := to_number(given) * 1000 if {
	is_string(given)
	regex.match(`^[0-9]+(\.[0-9]+)?$`, given)
}

factors := {"": 1, "K": 1000, "M": 1000000, "G": 1000000000, "Ki": 1024, "Mi": 1048576, "Gi": 1073741824}

bytes(given) := given if is_number(given)

bytes(given) := to_number(digits) * factors[unit] if {
	is_string(given)
	unit := trim_left(given, "0123456789")
	digits := trim_suffix(given, unit)
	digits != ""
}
