# A user's roles and what each role grants, both found in a large base document.
package access

default allow := false

allow if {
	user := data.users[input.user]
	user.active
	some role in user.roles
	some grant in data.roles[role].grants
	grant.action == input.action
	grant.resource == input.resource
}
