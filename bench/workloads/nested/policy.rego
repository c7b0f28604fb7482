# Limits and members found deep in base data; the answer is an object.
package nested

default decision := {"allow": false}

decision := {"allow": true, "limit": limit, "region": environment.region} if {
	project.active
	input.user in project.teams[input.team].members
	input.action in environment.actions
	input.amount <= limit
}

tenant := data.tenants[input.tenant]

project := tenant.projects[input.project]

environment := project.environments[input.environment]

limit := environment.limits[input.team].amount

limit := tenant.defaults.limits[input.action] if not environment.limits[input.team].amount
