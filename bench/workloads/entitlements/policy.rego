# Which accounts somebody may see and pay from: the rule for one account, asked again and again with other inputs.
package entitlements

overview := {"read": readable, "pay": payable}

readable contains account.id if {
	some account in input.accounts
	allowed with input as {"user": input.user, "action": "read", "account": account, "amount": 0}
}

payable contains account.id if {
	some account in input.accounts
	allowed with input as {"user": input.user, "action": "pay", "account": account, "amount": input.amount}
}

default allowed := false

allowed if {
	input.action == "read"
	input.account.owner == input.user.id
}

allowed if {
	input.action == "read"
	"auditor" in input.user.roles
	"audit" in input.account.tags
}

allowed if {
	input.action in {"read", "pay"}
	"manager" in input.user.roles
	input.account.branch == input.user.branch
	solvent
}

allowed if {
	input.action == "pay"
	"teller" in input.user.roles
	input.account.branch == input.user.branch
	input.amount <= input.user.limit
	solvent
}

solvent if {
	input.account.status == "open"
	input.account.balance >= input.amount
}
