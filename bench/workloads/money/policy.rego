# A bill: prices with decimals, taxes rounded to cents, lines above a limit.
package numbers

bill := {"net": sum(nets), "tax": sum(taxes) / 100, "large": count(large)}

nets := [net | some line in input.lines; net := line.price * line.count]

taxes := [tax |
	some line in input.lines
	tax := round(((line.price * line.count) * line.rate) * 100)
]

large := [line | some line in input.lines; line.price * line.count > input.limit]
