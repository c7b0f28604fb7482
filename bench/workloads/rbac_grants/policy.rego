# A user's permissions as a set of its own, which the decision looks through.
package rbac_grants

default allow := false

allow if user_is_auditor

allow if {
	some permission in granted
	permission.action == input.action
	permission.resource == input.resource
}

user_is_auditor if {
	"auditor" in data.user_roles[input.user]
	input.action == "list"
}

granted contains permission if {
	some role in data.user_roles[input.user]
	some permission in data.role_permissions[role]
}
