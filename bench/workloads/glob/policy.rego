# Five routes, each a glob over segments.
package routes

default allow := false

allow if {
	input.method == "GET"
	glob.match("/public/**", ["/"], input.path)
}

allow if {
	input.method in {"GET", "PUT"}
	glob.match("/users/*/profile", ["/"], input.path)
	input.role in data.members
}

allow if {
	input.method == "GET"
	glob.match("/projects/*/{docs,wiki}/**", ["/"], input.path)
	input.role in data.members
}

allow if {
	input.method == "POST"
	glob.match("/hooks/[a-z]*-[0-9]?", ["/"], input.path)
	input.role == "robot"
}

allow if {
	input.role == "admin"
	glob.match("/{admin,internal}/*/settings", ["/"], input.path)
}
