# Folders in folders, groups in groups: who reaches what.
package graph

allowed contains question if {
	some question in input.asked
	above := graph.reachable(input.edges, {question.folder})
	mine := graph.reachable(input.edges, {question.user})
	some folder in above
	some reader in input.readers[folder]
	reader in mine
}
