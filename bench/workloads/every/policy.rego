# All rows must hold; the last one decides, so that no input ends early.
package loops

banned := {"orange", "violet"}

sound if {
	every row in input.rows {
		row.port in numbers.range(1, 60)
		not row.owner in banned
		row.amount < 1000
	}
}
