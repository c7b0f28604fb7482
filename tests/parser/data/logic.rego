package logic

import rego.v2

p if input.a or input.b and not input.c

q if { { x := input.a; x > 1 } or (input.b and { input.c }) }

r if not {
	input.a
	input.b
}

s if (input.a with input.b as 1) and not (input.c or input.d)

t if input.a
	or input.b with input.x as 1
