# Whole numbers, which must stay exact.
package numbers

total := sum([rest |
	some i in numbers.range(1, input.n)
	rest := ((i * input.a) + input.b) % 11
])
