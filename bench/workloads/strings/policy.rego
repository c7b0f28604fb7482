# A label for each name: cut, folded, joined, printed.
package texts

labels := [label |
	some name in input.names
	parts := split(trim_space(name), "-")
	stem := concat("_", array.slice(parts, 0, count(parts) - 1))
	label := sprintf("%s:%s/%d", [upper(parts[0]), lower(stem), count(parts)])
]
