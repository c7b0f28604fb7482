# One number out of many rows.
package loops

total := sum([row.amount |
	some row in input.rows
	row.state == "open"
	row.amount >= input.floor
])
