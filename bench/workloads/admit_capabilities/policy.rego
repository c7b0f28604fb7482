# Containers add only allowed capabilities and drop the required ones.
package capabilities

violation contains {"msg": msg} if {
	some container in containers
	more := added(container) - {allowed | some allowed in input.parameters.allowed}
	not "*" in input.parameters.allowed
	count(more) > 0
	msg := sprintf("container <%v> adds %v", [container.name, more])
}

violation contains {"msg": msg} if {
	some container in containers
	required := {capability | some capability in input.parameters.dropped}
	kept := required - dropped(container)
	count(kept) > 0
	msg := sprintf("container <%v> does not drop %v", [container.name, kept])
}

containers contains container if some container in input.review.object.spec.containers

containers contains container if some container in input.review.object.spec.initContainers

added(container) := {capability | some capability in container.securityContext.capabilities.add}

dropped(container) := {capability | some capability in container.securityContext.capabilities.drop}
