# Patterns that come with the data: nothing is known when the policy is compiled.
package matches

routes contains {"path": path, "route": route.name} if {
	some path in input.paths
	some route in data.patterns
	regex.match(route.pattern, path)
}
