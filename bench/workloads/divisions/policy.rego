# Inexact division: each step is rounded as OPA rounds it.
package numbers

total := sum([part |
	some i in numbers.range(1, input.n)
	part := (i / input.a) - (input.b * 0.25)
])
