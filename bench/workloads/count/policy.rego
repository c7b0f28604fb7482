# How many rows pass two filters, one of them over an inner list.
package loops

found := count([row |
	some row in input.rows
	row.amount > input.floor
	"red" in row.tags
])
