# An admission review of a pod: five things that are refused.
package admission

deny contains msg if {
	input.request.kind.kind == "Pod"
	some container in input.request.object.spec.containers
	not startswith_any(container.image, data.registries)
	msg := sprintf("container %q: image %q is from no known registry", [container.name, container.image])
}

deny contains msg if {
	some container in input.request.object.spec.containers
	container.securityContext.privileged
	msg := sprintf("container %q is privileged", [container.name])
}

deny contains msg if {
	some container in input.request.object.spec.containers
	some resource in ["cpu", "memory"]
	not container.resources.limits[resource]
	msg := sprintf("container %q has no %s limit", [container.name, resource])
}

deny contains msg if {
	some label in data.required_labels
	not input.request.object.metadata.labels[label]
	msg := sprintf("label %q is missing", [label])
}

deny contains msg if {
	some volume in input.request.object.spec.volumes
	volume.hostPath
	not input.request.namespace in data.trusted_namespaces
	msg := sprintf("volume %q is a host path", [volume.name])
}

startswith_any(text, prefixes) if {
	some prefix in prefixes
	startswith(text, prefix)
}
