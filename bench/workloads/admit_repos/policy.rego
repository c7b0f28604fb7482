# Images come from the constraint's repositories alone.
package repos

violation contains {"msg": msg} if {
	some container in input.review.object.spec.containers
	not from_allowed(container.image)
	msg := sprintf("container <%v> has the image <%v>; allowed are %v", [container.name, container.image, input.parameters.repos])
}

violation contains {"msg": msg} if {
	some container in input.review.object.spec.initContainers
	not from_allowed(container.image)
	msg := sprintf("first container <%v> has the image <%v>; allowed are %v", [container.name, container.image, input.parameters.repos])
}

from_allowed(image) if {
	some repo in input.parameters.repos
	startswith(image, repo)
}
