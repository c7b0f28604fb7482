# A set with a member for each row that passes.
package loops

late contains row.id if {
	some row in input.rows
	row.state != "done"
	row.amount > input.floor
}
