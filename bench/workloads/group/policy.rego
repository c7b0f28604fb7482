# For each team the rows that belong to it: the inner comprehension asks for the same key again and again.
package groups

by_team[team] := ids if {
	some row in input.rows
	team := row.team
	ids := [other.id | some other in input.rows; other.team == team]
}
