# What a proxy asks before it lets a request through: the answer has headers to add, or a status.
package proxy

http := input.attributes.request.http

address := split(http.path, "?")[0]

segments := split(trim_prefix(address, "/"), "/")

default response := {"allowed": false, "status": 403, "headers": {}}

response := {"allowed": false, "status": 401, "headers": {"www-authenticate": "Bearer"}} if {
	not public
	not authenticated
}

response := {"allowed": true, "headers": {"x-route": "public"}} if public

response := {"allowed": true, "headers": {"x-route": "own", "x-user": input.claims.sub}} if {
	not public
	authenticated
	own
}

response := {"allowed": true, "headers": {"x-route": "team", "x-user": input.claims.sub, "x-teams": concat(",", input.claims.teams)}} if {
	not public
	authenticated
	not own
	team
}

response := {"allowed": true, "headers": {"x-route": "admin", "x-user": input.claims.sub}} if {
	authenticated
	administration
}

response := {"allowed": true, "headers": {"x-route": "search", "x-user": input.claims.sub}} if {
	authenticated
	http.method == "GET"
	segments = ["v1", "search"]
}

public if address == "/healthz"

public if {
	http.method == "GET"
	glob.match("/static/**", ["/"], address)
}

authenticated if {
	startswith(http.headers.authorization, "Bearer ")
	input.claims.exp > input.attributes.request.time
}

own if {
	segments[0] == "v1"
	segments[1] == "users"
	segments[2] == input.claims.sub
	http.method in {"GET", "POST"}
}

team if {
	segments = ["v1", "teams", name, "board", _]
	name in input.claims.teams
	needed := {"GET": "read", "POST": "write", "DELETE": "admin"}[http.method]
	needed in split(input.claims.scope, " ")
}

administration if {
	segments[0] == "admin"
	"admin" in split(input.claims.scope, " ")
	regex.match(`^spiffe://cluster\.example/ns/(shop|edge)/`, input.attributes.source.principal)
}
