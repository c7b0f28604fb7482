# A user's roles, and what each role permits, both in base data.
package rbac

default allow := false

allow if {
	some role in data.user_roles[input.user]
	some permission in data.role_permissions[role]
	permission.action == input.action
	permission.resource == input.resource
}
