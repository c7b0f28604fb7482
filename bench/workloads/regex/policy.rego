# Five routes, each a pattern.
package paths

default allow := false

allow if {
	input.method == "GET"
	regex.match(`^/api/v[0-9]+/users/[0-9]+$`, input.path)
}

allow if {
	input.method in {"GET", "HEAD"}
	regex.match(`^/static/(css|js|img)/[a-z0-9_-]+\.(css|js|png|svg)$`, input.path)
}

allow if {
	input.method == "POST"
	regex.match(`^/api/v[0-9]+/orders(/[0-9a-f]{8})?$`, input.path)
	input.role != "guest"
}

allow if {
	input.method in {"PUT", "PATCH"}
	regex.match(`^/api/v[0-9]+/orders/[0-9a-f]{8}/items/[0-9]+$`, input.path)
	input.role in {"clerk", "admin"}
}

allow if {
	input.role == "admin"
	regex.match(`^/admin/([a-z]+/)*[a-z]+$`, input.path)
}
