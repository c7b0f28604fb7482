# A gateway hands over the path as an array and the token's claims; the answer is an object.
package gateway

default decision := {"allow": false, "status": 403, "reason": "no rule allows it"}

decision := {"allow": false, "status": 401, "reason": "no valid token"} if not authenticated

decision := {"allow": true, "headers": headers, "route": "own user"} if {
	authenticated
	input.method in {"GET", "PATCH"}
	input.path = ["v1", "users", id]
	id == input.claims.sub
}

decision := {"allow": true, "headers": headers, "route": "team"} if {
	authenticated
	input.method == "GET"
	input.path = ["v1", "teams", team, "reports", _]
	team in input.claims.teams
}

decision := {"allow": true, "headers": headers, "route": "admin"} if {
	authenticated
	input.path[0] == "admin"
	"admin" in input.claims.scopes
}

decision := {"allow": true, "headers": headers, "route": "catalogue"} if {
	authenticated
	input.method == "GET"
	input.path[0] == "v1"
	input.path[1] in data.public_collections
	count(input.path) <= 3
}

authenticated if {
	input.claims.iss in data.issuers
	input.claims.exp > input.now
}

headers := {"x-user": input.claims.sub, "x-tenant": input.claims.tenant, "x-tier": tier}

tier := data.tiers[input.claims.tenant]

tier := "basic" if not data.tiers[input.claims.tenant]
