# The built-in functions that fold lists and sets.
package loops

amounts := [row.amount | some row in input.rows]

teams := {row.owner | some row in input.rows}

held := {row.owner | some row in input.rows; row.state == "held"}

summary := {
	"largest": max(amounts),
	"least": min(amounts),
	"median": sort(amounts)[count(amounts) / 2],
	"quiet": teams - held,
	"both": teams & held,
}
