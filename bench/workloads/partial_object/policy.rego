# An object with a key for each row that passes.
package loops

owners[row.id] := {"team": row.owner, "due": row.amount} if {
	some row in input.rows
	row.state == "open"
}
