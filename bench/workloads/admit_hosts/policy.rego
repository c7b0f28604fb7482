# A host belongs to one route alone: what is asked for is compared with everything that is known.
package hosts

violation contains {"msg": msg} if {
	some rule in input.review.object.spec.rules
	some namespace, routes in data.inventory
	some name, route in routes
	some other in route.spec.rules
	other.host == rule.host
	not same(namespace, name)
	msg := sprintf("host <%v> belongs to <%v> in <%v>", [rule.host, name, namespace])
}

same(namespace, name) if {
	namespace == input.review.object.metadata.namespace
	name == input.review.object.metadata.name
}
